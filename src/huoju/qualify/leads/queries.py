"""Reading leads, as far as a user may see them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns.queries import LeadFigures
from huoju.core.access import queries as access
from huoju.core.access.models import User
from huoju.core.access.policy import Scope
from huoju.core.export import Cell
from huoju.core.places import region_name
from huoju.core.ui import stages
from huoju.core.ui.templatetags.ui import masked
from huoju.hub.companies.queries import industry_name

from .models import OPEN_STAGES, Lead, Touch
from .policy import Stage


def visible_to(user: User) -> QuerySet[Lead]:
    """The leads that `user` may see.

    All; or those of the manager's team, of nobody and of the public pool; or one's own and the pool's.
    """
    leads = Lead.objects.all()
    if user.scope is Scope.ALL:
        return leads
    if user.scope is Scope.OWN:
        return leads.filter(Q(owner_id=user.pk) | Q(stage=Stage.POOL))
    team = User.objects.filter(team_id=user.team_id).values("pk") if user.team_id else [user.pk]
    return leads.filter(Q(owner_id__in=team) | Q(owner_id=None) | Q(stage=Stage.POOL))


def get_lead_for(user: User, lead_id: int) -> Lead:
    """One lead with person, company, campaign and owner, in one query.

    Raises `Lead.DoesNotExist` if there is none or `user` may not see it.
    """
    return (
        visible_to(user)
        .select_related("person", "company", "campaign", "channel", "owner", "sdr")
        .get(pk=lead_id)
    )


LEFT_SHOWN = 1000
"""So many leads of people who have left are counted; more are as urgent."""


def count_left_behind(user: User) -> int:
    """How many open leads among those that `user` may see belong to somebody who cannot sign in any more.

    Nobody works on them until they are handed over. Counted up to `LEFT_SHOWN`.
    """
    left = access.list_left()
    if not left:
        return 0
    rows = visible_to(user).filter(owner_id__in=left, stage__in=OPEN_STAGES)
    return rows.order_by()[:LEFT_SHOWN].count()


def figures_by_campaign(campaign_ids: Sequence[int]) -> dict[int, LeadFigures]:
    """How many leads each campaign brought, and how many of them ever became MQL and won: one query for all."""
    rows = (
        Lead.objects.filter(campaign_id__in=campaign_ids)
        .order_by()
        .values("campaign_id")
        .annotate(leads=Count("pk"), mqls=Count("mql_at"), won=Count("won_at"))
    )
    return {row["campaign_id"]: LeadFigures(row["leads"], row["mqls"], row["won"]) for row in rows}


def list_person_ids(lead_ids: Sequence[int]) -> dict[int, int]:
    """The person of each lead."""
    return dict(Lead.objects.filter(pk__in=lead_ids).values_list("pk", "person_id"))


def list_touches(lead_id: int) -> list[Touch]:
    """Everything that brought or reinforced the lead, newest first."""
    touches = Touch.objects.filter(lead_id=lead_id).select_related("channel", "campaign")
    return list(touches.order_by("-at", "-id")[:500])


class KnownLead(NamedTuple):
    """A lead that another system knows too."""

    lead_id: int
    person_id: int


def list_known_leads(external_ids: Sequence[str]) -> dict[str, KnownLead]:
    """The leads with these external ids ("system:id")."""
    if not external_ids:
        return {}
    rows = Lead.objects.filter(external_id__in=external_ids).values_list("external_id", "pk", "person_id")
    return {external_id: KnownLead(*row) for external_id, *row in rows if external_id}


def list_open_lead_ids(person_ids: Sequence[int]) -> dict[int, int]:
    """The open lead of each of these persons who has one."""
    if not person_ids:
        return {}
    rows = Lead.objects.filter(person_id__in=person_ids, stage__in=OPEN_STAGES)
    return dict(rows.values_list("person_id", "pk"))


def list_taken_origins(origins: Sequence[str]) -> dict[str, int]:
    """The leads that these origins ("import:3/77") have made or joined already."""
    return dict(Touch.objects.filter(origin__in=origins).values_list("origin", "lead_id"))


class HistoricRow(NamedTuple):
    """A lead of the past with what is known of its person and company, for trying cleaning rules on."""

    lead_id: int
    won: bool
    name: str
    mobile: str
    email: str
    title: str
    country: str
    company: str | None
    size: str
    industry: str
    region: str
    message: str | None


def iter_history(limit: int) -> Iterator[HistoricRow]:
    """The latest `limit` leads, the newest first. One query."""
    first = Touch.objects.filter(lead_id=OuterRef("pk")).order_by("at", "id").values("message")[:1]
    rows = Lead.objects.order_by("-captured_at", "-id").annotate(message=Subquery(first))
    for lead_id, won_at, *rest in rows.values_list(
        *("pk", "won_at", "person__name", "person__mobile", "person__email", "person__title"),
        *("person__country", "company__name", "size", "industry", "region", "message"),
    )[:limit].iterator(chunk_size=2000):
        yield HistoricRow(lead_id, won_at is not None, *rest)


EXPORT_HEADER = (
    *(
        _("Number"),
        _("Full name"),
        _("Mobile"),
        _("E-mail"),
        _("Job title"),
        _("Company"),
        _("Stage"),
        _("Score"),
    ),
    *(
        _("Grade"),
        _("Channel"),
        _("Campaign"),
        _("Keyword"),
        _("Landing page"),
        _("Product line"),
        _("Region"),
    ),
    *(_("Industry"), _("Company size"), _("Owner"), _("First contact"), _("MQL at"), _("SQL at")),
    *(_("Opportunity at"), _("POC at"), _("Won at"), _("Lost at"), _("External id")),
)


def export_rows(leads: QuerySet[Lead], *, contacts: bool) -> Iterator[Sequence[Cell]]:
    """The leads as rows under `EXPORT_HEADER`, streamed; phones and mails are masked unless `contacts`."""
    rows = leads.select_related("person", "company", "channel", "campaign", "owner")
    for lead in rows.iterator(chunk_size=2000):
        person = lead.person
        mobile, email = (
            (person.mobile, person.email) if contacts else (masked(person.mobile), masked(person.email))
        )
        yield (
            *(lead.pk, person.name, mobile, email, person.title, lead.company.name if lead.company else None),
            *(
                stages.look(lead.stage).label,
                lead.score,
                lead.band,
                lead.channel.name if lead.channel else None,
            ),
            *(lead.campaign.name if lead.campaign else None, lead.keyword, lead.landing_page, lead.product),
            *(
                region_name(lead.region),
                industry_name(lead.industry),
                lead.size,
                str(lead.owner or ""),
            ),
            *(lead.captured_at, lead.mql_at, lead.sql_at, lead.opportunity_at, lead.poc_at, lead.won_at),
            *(lead.lost_at, lead.external_id),
        )


RELATIONS = """SELECT person_id, won_at AS bought_at, CASE WHEN import_id IS NULL THEN captured_at END AS asked_at
                 FROM leads_lead"""
"""For `consent.registry`: who bought when, and who asked when. A row that somebody imported is nobody's question."""
