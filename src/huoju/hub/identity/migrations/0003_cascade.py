"""What is a part of a row goes with it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0002_source'),
    ]

    operations = [
        migrations.AlterField(
            model_name='identifier',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='identity.person'),
        ),
        migrations.AlterField(
            model_name='mergeproposal',
            name='left',
            field=models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='identity.person'),
        ),
        migrations.AlterField(
            model_name='mergeproposal',
            name='right',
            field=models.ForeignKey(on_delete=django.db.models.deletion.DB_CASCADE, related_name='+', to='identity.person'),
        ),
    ]
