"""Two companies that are one, and taking that back."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from huoju.core.errors import UserError
from huoju.core.facts.operations import NewFact, append_one

from ..facts import CompanyMerged, CompanyUnmerged
from ..models import Alias, Company, CompanyMerge, Suggestion
from ..queries import mains_of
from . import structure


def merge(*, company_id: int, into_id: int, reason: str = "", actor: str, now: datetime) -> int:
    """Read `company_id` (with all that are merged into it) as `into_id` from now on; returns the merge's id.

    Nothing is moved or lost: `unmerge` restores both. Needs a transaction. Raises `UserError` where they are one
    already, have two registration numbers, or one belongs to the group of the other; `Company.DoesNotExist`.
    """
    structure.serialise()
    mains = mains_of([company_id, into_id])
    left, right = mains[company_id], mains[into_id]
    structure.hold({left, right})
    names = dict(Company.objects.filter(pk__in=[left, right]).values_list("pk", "name"))
    if len(names) < (1 if left == right else 2):
        raise Company.DoesNotExist
    if left == right:
        raise UserError(_("These two are one company already."), "merged_already")
    _check_numbers(left, right)
    _check_groups(left, right, names)
    made = CompanyMerge.objects.create(
        company_id=left, into_id=right, reason=reason[:200], merged_at=now, merged_by=actor
    )
    refresh_aliases([left, right])
    Suggestion.objects.filter(
        left_id=min(company_id, into_id), right_id=max(company_id, into_id), decided_at=None
    ).update(decision=Suggestion.Decision.MERGED, decided_at=now, decided_by=actor)
    payload = CompanyMerged(merge_id=made.pk, main_id=right, reason=reason[:200])
    fact = NewFact(payload=payload, occurred_at=now, company_id=left, shard_key=f"company:{right}")
    append_one(fact, actor=actor, source="companies", now=now)
    return made.pk


def unmerge(*, merge_id: int, actor: str, now: datetime) -> int:
    """Take a merge back: its company stands for itself again, with those that were merged into it; returns its id.

    Needs a transaction. Taking back what is taken back already changes nothing. Raises `CompanyMerge.DoesNotExist`.
    """
    merged = CompanyMerge.objects.get(pk=merge_id)
    structure.serialise()
    before = mains_of([merged.into_id])[merged.into_id]
    changed = CompanyMerge.objects.filter(pk=merge_id, unmerged_at=None).update(
        unmerged_at=now, unmerged_by=actor
    )
    if not changed:
        return merged.company_id
    refresh_aliases([before])
    payload = CompanyUnmerged(merge_id=merge_id, main_id=before)
    fact = NewFact(
        payload=payload, occurred_at=now, company_id=merged.company_id, shard_key=f"company:{before}"
    )
    append_one(fact, actor=actor, source="companies", now=now)
    return merged.company_id


def refresh_aliases(mains: list[int]) -> None:
    """Derive the mapping anew, from the merges in force, for all that are read as one of `mains`.

    Each company is merged into one other at most, so its main is where the way along the merges ends.
    """
    members = [*mains, *Alias.objects.filter(main_id__in=mains).values_list("company_id", flat=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE way(company_id, at, step) AS (
                   SELECT id, id, 0 FROM unnest(%s::bigint[]) AS x(id)
                   UNION ALL
                   SELECT way.company_id, g.into_id, way.step + 1 FROM way
                   JOIN companies_companymerge g ON g.company_id = way.at AND g.unmerged_at IS NULL),
               ends AS (SELECT DISTINCT ON (company_id) company_id, at AS main_id FROM way
                        ORDER BY company_id, step DESC),
               gone AS (DELETE FROM companies_alias a USING ends e
                        WHERE a.company_id = e.company_id AND e.main_id = e.company_id)
               INSERT INTO companies_alias (company_id, main_id)
               SELECT company_id, main_id FROM ends WHERE main_id <> company_id
               ORDER BY company_id
               ON CONFLICT (company_id) DO UPDATE SET main_id = excluded.main_id""",
            [members],
        )


def _check_numbers(left: int, right: int) -> None:
    """A registration number is one legal person: two of them are never one company."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(a.main_id, c.id), c.uscc FROM companies_company c
               LEFT JOIN companies_alias a ON a.company_id = c.id
               WHERE c.uscc IS NOT NULL AND (c.id = ANY(%(ids)s) OR a.main_id = ANY(%(ids)s))""",
            {"ids": [left, right]},
        )
        numbers = dict(cursor.fetchall())
    if len(numbers) > 1:
        raise UserError(
            _(
                "They have two registration numbers, %(left)s and %(right)s, so they are two legal persons. "
                "Make one the parent of the other instead, or correct the wrong number first."
            )
            % {"left": numbers[left], "right": numbers[right]},
            "registration_numbers_differ",
        )


def _check_groups(left: int, right: int, names: dict[int, str]) -> None:
    over_left, under_left = structure.above(left), structure.below(left)
    over_right, under_right = structure.above(right), structure.below(right)
    for upper, lower in ((left, right), (right, left)):
        if upper in (over_right if lower == right else over_left):
            raise UserError(
                _("%(lower)s belongs to the group of %(upper)s. Take it out of the group first.")
                % {"lower": names[lower], "upper": names[upper]},
                "in_its_group",
            )
    levels = (
        1
        + max([*over_left.values(), *over_right.values()])
        + max([*under_left.values(), *under_right.values()])
    )
    if levels > structure.MAX_LEVELS:
        raise UserError(
            _("A group has at most %(count)s levels.") % {"count": structure.MAX_LEVELS}, "too_deep"
        )
