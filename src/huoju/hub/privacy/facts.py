"""Facts of privacy."""

from huoju.core.facts.kinds import fact


@fact("privacy.requested")
class DataRequested:
    """Somebody asked for a copy of their data, or to be erased (`request` is "access" or "erasure")."""

    request_id: int
    request: str


@fact("person.erased")
class PersonErased:
    """All that is personal of a person was erased. Their facts are still counted; nobody can say whose they were."""

    request_id: int
