"""Facts of the profile."""

from datetime import datetime

from huoju.core.facts.kinds import fact


@fact("profile.field_changed", personal=("value", "previous"))
class FieldChanged:
    """The value that is shown for a field of a person became another one, by hand or because a better source spoke."""

    field: str
    value: str
    previous: str
    source: str


@fact("profile.combined")
class ProfileCombined:
    """What is shown of a profile of several persons became another choice among all their values, or there is nothing
    to choose any more. Filed under the profile; `fields` are those that differ."""

    fields: list[str]


@fact("tag.added")
class TagAdded:
    """A person got a tag. `source` is "hand", "rule", "segment:7" …"""

    tag_id: int
    source: str
    expires_at: datetime | None = None


@fact("tag.removed")
class TagRemoved:
    """A person lost a tag: taken away, expired ("expired"), or the rule holds no more."""

    tag_id: int
    source: str


@fact("survivorship_rules.activated")
class SurvivorshipActivated:
    """A version of the survivorship rules began to decide."""

    version: int


@fact("tag.saved")
class TagSaved:
    """A tag was made or changed; if it is set by rule, everybody is judged anew."""

    tag_id: int


@fact("profile.field_revealed")
class FieldRevealed:
    """Somebody looked at a masked phone number or mail address."""

    field: str
