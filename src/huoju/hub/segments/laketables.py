"""What of this room flows to the lake."""

from huoju.core.lake.tables import LakeTable

ENTRIES = LakeTable(
    name="segment_entries",
    relation="segments_listentry",
    columns={"id": "int64", "list_id": "int64", "person_id": "int64"},
)
"""Who is on which list."""

LAKE_TABLES = (ENTRIES,)
