"""Kinds that only these tests append."""

from dataclasses import field

from huoju.core.facts.kinds import fact


@fact("test.counted", personal=("who",))
class Counted:
    """Number `n` of a sequence."""

    n: int
    who: str = ""
    tags: list[str] = field(default_factory=list)


@fact("test.other")
class Other:
    """A kind that the readers under test do not want."""

    n: int


def _to_2(payload: dict[str, object]) -> dict[str, object]:
    return {"total": payload.pop("sum"), **payload}


@fact("test.grown", version=2, upcasts={1: _to_2})
class Grown:
    """A kind whose first version called its field `sum`."""

    total: int
