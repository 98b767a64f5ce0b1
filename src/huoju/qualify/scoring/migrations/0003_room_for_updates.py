"""Every score is written again many times; see the migration of the same name in `leads`."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("scoring", "0002_refresh")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE scoring_leadscore SET (fillfactor = 75)",
            "ALTER TABLE scoring_leadscore RESET (fillfactor)",
        )
    ]
