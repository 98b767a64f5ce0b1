"""Who told us of it first."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='source',
            field=models.CharField(blank=True, default='', max_length=80),
        ),
    ]
