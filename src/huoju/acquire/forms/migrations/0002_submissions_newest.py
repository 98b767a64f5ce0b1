from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webforms", "0001_initial")]
    operations = [
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["received_at", "id"], name="webforms_submission_newest"),
        ),
    ]
