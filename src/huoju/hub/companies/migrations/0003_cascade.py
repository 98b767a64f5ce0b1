"""What is a part of a row goes with it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0002_source'),
    ]

    operations = [
        migrations.AlterField(
            model_name='companydomain',
            name='company',
            field=models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='companies.company'),
        ),
    ]
