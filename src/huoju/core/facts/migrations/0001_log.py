"""The fact log: a table partitioned by month, append-only by trigger, with idempotency keys beside it."""

from django.db import migrations, models

LOG = """
CREATE TABLE facts_fact (
    id uuid NOT NULL,
    kind varchar(60) NOT NULL,
    version smallint NOT NULL,
    person_id bigint,
    visitor_id varchar(64),
    company_id bigint,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor varchar(80) NOT NULL,
    source varchar(80) NOT NULL,
    payload jsonb NOT NULL,
    dedup_key varchar(200),
    shard smallint NOT NULL,
    tx bigint NOT NULL,
    PRIMARY KEY (id, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- What a reader walks along.
CREATE INDEX facts_fact_read ON facts_fact (shard, tx, id);
-- What a profile's timeline walks along.
CREATE INDEX facts_fact_person ON facts_fact (person_id, occurred_at DESC, id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX facts_fact_visitor ON facts_fact (visitor_id, occurred_at DESC) WHERE visitor_id IS NOT NULL;

-- Nothing is lost when nobody made next month's partition in time; partitions.ensure() moves such rows out.
CREATE TABLE facts_fact_default PARTITION OF facts_fact DEFAULT;

-- A unique index on a partitioned table must contain the partition key, so idempotency keys have a table of their own.
CREATE TABLE facts_key (dedup_key varchar(200) PRIMARY KEY, fact_id uuid NOT NULL);

-- Transaction ids start anew when a dump is restored into another cluster; `lift` keeps the order going up.
CREATE TABLE facts_lift (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), lift bigint NOT NULL DEFAULT 0);
INSERT INTO facts_lift DEFAULT VALUES;

CREATE FUNCTION facts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('huoju.erasing', true) = 'on' THEN
        IF TG_OP = 'UPDATE' THEN RETURN NEW; ELSIF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the fact log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER facts_append_only BEFORE UPDATE OR DELETE ON facts_fact
    FOR EACH ROW EXECUTE FUNCTION facts_refuse_change();
CREATE TRIGGER facts_no_truncate BEFORE TRUNCATE ON facts_fact
    FOR EACH STATEMENT EXECUTE FUNCTION facts_refuse_change();
CREATE TRIGGER facts_no_truncate BEFORE TRUNCATE ON facts_fact_default
    FOR EACH STATEMENT EXECUTE FUNCTION facts_refuse_change();
"""
UNDO = """
DROP TABLE facts_fact, facts_key, facts_lift CASCADE;
DROP FUNCTION facts_refuse_change;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.RunSQL(
            LOG,
            UNDO,
            state_operations=[
                migrations.CreateModel(
                    name="Fact",
                    fields=[
                        ("id", models.UUIDField(primary_key=True, serialize=False)),
                        ("kind", models.CharField(max_length=60)),
                        ("version", models.SmallIntegerField()),
                        ("person_id", models.BigIntegerField(null=True)),
                        ("visitor_id", models.CharField(max_length=64, null=True)),
                        ("company_id", models.BigIntegerField(null=True)),
                        ("occurred_at", models.DateTimeField()),
                        ("recorded_at", models.DateTimeField()),
                        ("actor", models.CharField(max_length=80)),
                        ("source", models.CharField(max_length=80)),
                        ("payload", models.JSONField()),
                        ("dedup_key", models.CharField(max_length=200, null=True)),
                        ("shard", models.SmallIntegerField()),
                        ("tx", models.BigIntegerField()),
                    ],
                    options={"db_table": "facts_fact", "managed": False},
                )
            ],
        ),
    ]
