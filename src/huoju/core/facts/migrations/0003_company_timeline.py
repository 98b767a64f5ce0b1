"""What a company's timeline walks along: the facts that are of no person. Few, so it costs the log nothing."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("facts", "0002_cursor_deadletter")]

    operations = [
        migrations.RunSQL(
            """CREATE INDEX facts_fact_company ON facts_fact (company_id, occurred_at DESC, id DESC)
               WHERE person_id IS NULL AND company_id IS NOT NULL""",
            "DROP INDEX facts_fact_company",
        )
    ]
