"""What identity does when it reads the log: what is proven merges by rule, and who writes from a company's new domain
joins it."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from huoju.core.facts.kinds import kind_of
from huoju.core.facts.readers import Reader, StoredFact
from huoju.hub.companies.facts import CompanyDomainsChanged
from huoju.hub.companies.queries import list_domains

from .facts import MergeProposed
from .operations import NewMerge, join_company, leave_company, merge_batch
from .policy import Evidence
from .queries import list_open

RULE = "rule:identity/verified"
"""The actor of merges that nobody decided: one input proved identifiers of both persons."""

DOMAIN_RULE = "rule:companies/domain"
_DOMAINS = kind_of(CompanyDomainsChanged).name


def handle(facts: Sequence[StoredFact], now: datetime) -> None:
    """Merge the pairs that were proven to be one (what forbids it leaves the proposal to a person), and let people join
    and leave companies by domains that were given and taken by hand.

    Not where the proof arrives: there the persons of a whole batch are locked, and their profiles may be larger.
    """
    for fact in facts:
        if fact.kind == _DOMAINS and fact.company_id is not None:
            _employ(fact.company_id, fact.data(), now)
    proven = [fact.payload["proposal_id"] for fact in facts if fact.payload.get("verified")]
    merges = [
        NewMerge(
            person_id=row.right_id,
            into_id=row.left_id,
            proposal_id=row.pk,
            evidence=tuple([Evidence.read(each).turned() for each in row.evidence]),
        )
        for row in list_open(proven)
    ]
    if merges:
        merge_batch(merges, actor=RULE, now=now, automatic=True)


def _employ(company_id: int, changed: CompanyDomainsChanged, now: datetime) -> None:
    """As the domains stand today: what was given and taken again meanwhile moves nobody."""
    owned = {each.domain for each in list_domains([company_id])}
    if gone := [each for each in changed.removed if each not in owned]:
        leave_company(company_id=company_id, domains=gone, actor=DOMAIN_RULE, now=now)
    if new := [each for each in changed.added if each in owned]:
        join_company(company_id=company_id, domains=new, actor=DOMAIN_RULE, now=now)


IDENTITY = Reader(
    "identity",
    (MergeProposed, CompanyDomainsChanged),
    handle,
    label=_("Identity"),
    does=_("Merges records that are proved to be one person; finds the company of a mail domain."),
)
"""It merges, which is history: it cannot be replayed."""
