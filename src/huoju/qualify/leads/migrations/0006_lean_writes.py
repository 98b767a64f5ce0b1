"""Cheaper captures: no history row for the birth of a lead, no foreign keys for what a touch repeats.

A lead's beginning is `captured_at`; a stage change is from one stage to another. A touch repeats a channel and a
campaign that its lead's own foreign keys keep from being deleted, or that its capture has just looked up.
"""

import django.db.models.deletion
from django.db import migrations, models

TRIGGER = """
DROP TRIGGER leads_history_insert ON leads_lead;
CREATE OR REPLACE FUNCTION leads_write_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('huoju.history_given', true) = 'on' THEN
        RETURN NULL;
    END IF;
    INSERT INTO leads_stagechange (lead_id, from_stage, to_stage, at, actor, reason)
    SELECT n.id, o.stage, n.stage, n.stage_at, n.stage_actor, n.stage_reason
    FROM new_rows n JOIN old_rows o USING (id) WHERE n.stage <> o.stage ORDER BY n.id;
    RETURN NULL;
END $$;
DELETE FROM leads_stagechange WHERE from_stage = '';
"""
UNDO = """
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
CREATE TRIGGER leads_history_insert AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_write_history();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0005_room_for_updates"), ("campaigns", "0001_initial")]
    operations = [
        migrations.RunSQL(TRIGGER, UNDO),
        migrations.AlterField(
            model_name="touch",
            name="channel",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, null=True,
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="campaigns.channel",
            ),
        ),
        migrations.AlterField(
            model_name="touch",
            name="campaign",
            field=models.ForeignKey(
                db_constraint=False, db_index=False, null=True,
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="+", to="campaigns.campaign",
            ),
        ),
        migrations.RemoveConstraint(model_name="lead", name="leads_external_id_once"),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False)), fields=("external_id",),
                name="leads_external_id_once",
            ),
        ),
    ]
