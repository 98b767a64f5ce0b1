from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [
        migrations.AlterModelOptions(
            name="campaign",
            options={
                "ordering": ["-created_at", "-id"],
                "verbose_name": "campaign",
                "verbose_name_plural": "campaigns",
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="archived",
            field=models.BooleanField(default=False, verbose_name="archived"),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="code",
            field=models.SlugField(
                allow_unicode=True,
                help_text="The value of utm_campaign in its links.",
                max_length=80,
                unique=True,
                verbose_name="UTM campaign",
            ),
        ),
    ]
