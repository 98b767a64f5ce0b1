"""Values of fields, and the golden one among those of all members of a profile."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from huoju.core.rules import RuleBook
from huoju.hub.identity import queries as persons

from .. import policy
from ..models import FieldValue, SurvivorshipRules
from ..policy import Candidate, Field, Golden, Survivorship

RULES: RuleBook[Survivorship, SurvivorshipRules] = RuleBook(
    SurvivorshipRules, policy.parse, policy.validate, policy.default_content
)
"""Every version of the survivorship rules."""


class Known(NamedTuple):
    """A field of a profile: what is shown, and every value there was, newest first."""

    field: Field
    golden: Golden | None
    candidates: list[Candidate]

    @property
    def value(self) -> str:
        """What is shown."""
        return self.golden.chosen.value if self.golden else ""


def list_candidates(person_ids: Sequence[int]) -> dict[tuple[int, Field], list[Candidate]]:
    """Every value that persons have or had, by person and field, oldest first. Three queries."""
    proven = persons.list_verified(person_ids)
    found: dict[tuple[int, Field], list[Candidate]] = {}
    for row in FieldValue.objects.filter(person_id__in=person_ids).order_by("at", "id"):
        verified = row.verified or (row.person_id, row.field, row.value) in proven
        found.setdefault((row.person_id, Field(row.field)), []).append(
            Candidate(row.value, row.source, row.actor, row.at, verified, row.person_id, row.pk)
        )
    for person_id, columns in persons.list_columns(person_ids).items():
        for name in Field:
            value = columns.values[name.value]
            if value and (person_id, name) not in found:
                verified = (person_id, name.value, value) in proven
                found[person_id, name] = [
                    Candidate(value, columns.source, "", columns.created_at, verified, person_id)
                ]
    return found


def golden_of(members: Mapping[int, Sequence[int]]) -> dict[int, dict[Field, Known]]:
    """The fields of profiles, each over all of its members (`identity.queries.members_of`). Four queries, however many.

    Nothing of it is stored for the profile: taking a merge back restores both sides by construction.
    """
    rules = RULES.active()
    values = list_candidates([person_id for each in members.values() for person_id in each])
    answer: dict[int, dict[Field, Known]] = {}
    for profile_id, ids in members.items():
        answer[profile_id] = {}
        for name in Field:
            candidates = [each for person_id in ids for each in values.get((person_id, name), ())]
            newest_first = sorted(candidates, key=lambda each: (each.at, each.id), reverse=True)
            answer[profile_id][name] = Known(name, policy.choose(name, candidates, rules), newest_first)
    return answer


def list_disputed(*, after: int, limit: int) -> list[int]:
    """Persons with more than their first values, by id."""
    rows = FieldValue.objects.filter(person_id__gt=after).order_by("person_id")
    return list(rows.values_list("person_id", flat=True).distinct()[:limit])
