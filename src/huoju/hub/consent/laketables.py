"""What people said, for questions over millions."""

from huoju.core.lake.tables import LakeTable

CONSENTS = LakeTable(
    name="consents",
    relation="consent_consent",
    columns={
        "id": "int64",
        "person_id": "int64",
        "channel": "string",
        "purpose": "string",
        "topic": "string",
        "state": "string",
        "granted": "boolean",
        "at": "timestamp('UTC')",
        "expires_at": "timestamp('UTC')",
    },
    sources={"topic": "CASE WHEN state <> 'pending' THEN channel || '/' || purpose END"},
)
"""Every answer; the latest by (`at`, `id`) of a person, channel, purpose counts. `topic` is what it is about ("email/
marketing"), NULL as long as it waits for its confirmation. Addresses and proofs stay at home."""
