"""The history of stages is written by a trigger, so that no writer can forget or invent it."""

from django.db import migrations

TRIGGER = """
CREATE FUNCTION leads_write_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, actor, reason)
        SELECT id, '', stage, stage_at, stage_actor, stage_reason FROM new_rows ORDER BY id;
    ELSE
        INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, actor, reason)
        SELECT n.id, o.stage, n.stage, n.stage_at, n.stage_actor, n.stage_reason
        FROM new_rows n JOIN old_rows o USING (id) WHERE n.stage <> o.stage ORDER BY n.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_history_insert AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_write_history();
CREATE TRIGGER leads_history_update AFTER UPDATE ON leads_lead
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_write_history();
"""
UNDO = """
DROP TRIGGER leads_history_insert ON leads_lead;
DROP TRIGGER leads_history_update ON leads_lead;
DROP FUNCTION leads_write_history;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunSQL(TRIGGER, UNDO)]
