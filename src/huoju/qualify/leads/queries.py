"""Reading leads, as far as a user may see them."""

from collections.abc import Iterator, Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from huoju.core.access.models import User
from huoju.core.access.policy import Scope
from huoju.core.export import Cell
from huoju.core.ui import stages
from huoju.core.ui.templatetags.ui import masked

from .display import industry_name, region_name
from .models import Lead, Touch
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


def list_person_ids(lead_ids: Sequence[int]) -> dict[int, int]:
    """The person of each lead."""
    return dict(Lead.objects.filter(pk__in=lead_ids).values_list("pk", "person_id"))


def list_touches(lead_id: int) -> list[Touch]:
    """Everything that brought or reinforced the lead, newest first."""
    touches = Touch.objects.filter(lead_id=lead_id).select_related("channel", "campaign")
    return list(touches.order_by("-at", "-id")[:500])


EXPORT_HEADER = (
    *(_("Number"), _("Name"), _("Mobile"), _("E-mail"), _("Job title"), _("Company"), _("Stage"), _("Score")),
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
