"""What people do about two persons, one pair at a time: merge, separate, and the answers in the review queue."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from huoju.core.errors import UserError

from ..labels import obstacle_text
from ..models import Merge, MergeProposal
from ..policy import Decision, Evidence
from ..queries import profiles_of
from .merging import NewMerge, merge_batch, part, unmerge_batch


def merge(
    *,
    person_id: int,
    into_id: int,
    actor: str,
    now: datetime,
    reason: str = "",
    evidence: tuple[Evidence, ...] = (),
) -> int | None:
    """Make two persons one; the profile of `into_id` is kept. The id of the merge, None where they were one already.

    Raises `UserError`, with every reason, where something forbids it.
    """
    new = NewMerge(person_id=person_id, into_id=into_id, evidence=evidence, reason=reason[:300])
    return _merge(new, actor=actor, now=now)


def _merge(new: NewMerge, *, actor: str, now: datetime) -> int | None:
    if new.person_id == new.into_id:
        raise UserError(_("These are one and the same person already."), "same")
    with transaction.atomic():
        (done,) = merge_batch([new], actor=actor, now=now)
    if done.answered:
        raise UserError(_("Somebody else has decided on this meanwhile."), "decided")
    hard = [each for each in done.obstacles if each.hard]
    if hard:
        raise UserError(" ".join(obstacle_text(each) for each in hard), "blocked")
    if not done.made and len(set(profiles_of([new.person_id, new.into_id]).values())) > 1:
        raise UserError(_("One of these persons does not exist any more."), "gone")
    return done.merge_id


def unmerge(*, merge_id: int, actor: str, now: datetime, reason: str = "") -> bool:
    """Take one merge back; False where that has been done before. Raises `Merge.DoesNotExist`."""
    Merge.objects.get(pk=merge_id)
    with transaction.atomic():
        return bool(unmerge_batch([merge_id], actor=actor, reason=reason[:300], now=now))


def decide(*, proposal_id: int, same: bool, actor: str, now: datetime, keep: int | None = None) -> int | None:
    """Answer a proposal: one person or two. The id of the merge, if one was made.

    `keep` names the one of the two whose profile stays, by default the older record. Raises `UserError` where somebody
    has answered meanwhile, or something forbids the merge; `MergeProposal.DoesNotExist`.
    """
    row = MergeProposal.objects.get(pk=proposal_id)
    if not same:
        with transaction.atomic():
            done = part(
                proposal_id=proposal_id, left_id=row.left_id, right_id=row.right_id, actor=actor, now=now
            )
        if not done:
            raise UserError(_("Somebody else has decided on this meanwhile."), "decided")
        return None
    evidence = tuple([Evidence.read(each) for each in row.evidence])
    new = NewMerge(person_id=row.left_id, into_id=row.right_id, evidence=evidence, proposal_id=proposal_id)
    if keep != row.right_id:
        new = NewMerge(
            person_id=row.right_id,
            into_id=row.left_id,
            evidence=tuple([each.turned() for each in evidence]),
            proposal_id=proposal_id,
        )
    return _merge(new, actor=actor, now=now)


def postpone(*, proposal_id: int, now: datetime) -> bool:
    """Put an open proposal behind all that nobody has looked at; False where it is decided."""
    return bool(MergeProposal.objects.filter(pk=proposal_id, decided_at=None).update(later_at=now))


def reopen(*, proposal_id: int, now: datetime) -> bool:
    """Take back the answer "two people", so that the pair is asked again; False where that is not the answer."""
    decided = MergeProposal.objects.filter(pk=proposal_id, decision=Decision.DIFFERENT.value)
    return bool(decided.update(decision="", decided_at=None, decided_by="", later_at=now))
