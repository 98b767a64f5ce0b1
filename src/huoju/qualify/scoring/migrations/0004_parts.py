"""Parts go with their whole by a trigger: no lookup for each that is written."""

import django.db.models.deletion
from django.db import migrations, models

from huoju.core.parts import part_of


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0008_parts"),
        ("scoring", "0003_room_for_updates"),
    ]

    operations = [
        migrations.AlterField(
            model_name="leadscore",
            name="lead",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.DB_CASCADE,
                primary_key=True,
                related_name="+",
                serialize=False,
                to="leads.lead",
            ),
        ),
        part_of("leads_lead", "scoring_leadscore", "lead_id"),
    ]
