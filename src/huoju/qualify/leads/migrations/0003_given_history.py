"""Moved-in history has steps that no trigger could see: the operation that places it writes them itself."""

from django.db import migrations

TRIGGER = """
CREATE OR REPLACE FUNCTION leads_write_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('huoju.history_given', true) = 'on' THEN
        RETURN NULL;
    END IF;
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
"""
UNDO = """
CREATE OR REPLACE FUNCTION leads_write_history() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0002_stage_history")]
    operations = [migrations.RunSQL(TRIGGER, UNDO)]
