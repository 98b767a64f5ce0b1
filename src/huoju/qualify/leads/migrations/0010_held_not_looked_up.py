"""Who makes a lead holds its person and its company: no lookups for each lead that is written."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0004_groups_and_merges'),
        ('identity', '0007_held_not_looked_up'),
        ('leads', '0009_sources_without_lookups'),
    ]

    operations = [
        migrations.AlterField(
            model_name='lead',
            name='company',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='companies.company', verbose_name='company'),
        ),
        migrations.AlterField(
            model_name='lead',
            name='person',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='identity.person', verbose_name='person'),
        ),
    ]
