"""Parts go with their whole by a trigger: no lookup for each that is written."""

import django.db.models.deletion
from django.db import migrations, models

from huoju.core.parts import part_of


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0007_list_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="stagechange",
            name="lead",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="+",
                to="leads.lead",
            ),
        ),
        migrations.AlterField(
            model_name="touch",
            name="lead",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="+",
                to="leads.lead",
            ),
        ),
        part_of("leads_lead", "leads_touch", "lead_id"),
        part_of("leads_lead", "leads_stagechange", "lead_id"),
    ]
