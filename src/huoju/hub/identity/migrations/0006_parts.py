"""Parts go with their whole by a trigger: no lookup for each that is written."""

import django.db.models.deletion
from django.db import migrations, models

from huoju.core.parts import part_of


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0005_merges"),
    ]

    operations = [
        migrations.AlterField(
            model_name="identifier",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DB_CASCADE,
                related_name="+",
                to="identity.person",
            ),
        ),
        part_of("identity_person", "identity_identifier", "person_id"),
    ]
