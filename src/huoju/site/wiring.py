"""Where the wings meet: what a lower wing offers as a registry is filled here, in the order of a lead's life."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.acquire.campaigns import queries as campaign_queries
from huoju.acquire.campaigns.models import Campaign
from huoju.acquire.forms import queries as form_queries
from huoju.acquire.imports import held as imports_held
from huoju.acquire.imports.registry import register_target
from huoju.convert.deals import companies as deals_companies
from huoju.convert.deals import held as deals_held
from huoju.convert.deals import pages as deals_pages
from huoju.convert.deals import telling as deals_telling
from huoju.convert.deals import traits as deals_traits
from huoju.convert.onboarding.leads import LeadsTarget
from huoju.convert.onboarding.payments import PaymentsTarget
from huoju.convert.routing import pages as routing_pages
from huoju.convert.routing import telling as routing_telling
from huoju.convert.routing.readers import ROUTING
from huoju.convert.workbench import held as workbench_held
from huoju.convert.workbench import pages as workbench_pages
from huoju.convert.workbench import telling as workbench_telling
from huoju.convert.workbench.facts import ActivityLogged
from huoju.core.access.liststore import DatabaseListStore
from huoju.core.access.models import User
from huoju.core.access.policy import Action
from huoju.core.facts import readers
from huoju.core.facts.panels import register_panel as register_operations_panel
from huoju.core.facts.telling import register_names
from huoju.core.lake import pages as lake_pages
from huoju.core.lake import tables as lake_tables
from huoju.core.search.kinds import register_kind
from huoju.core.search.readers import search_reader
from huoju.core.ui import links, navigation
from huoju.core.ui.home import register_home_card
from huoju.core.ui.liststore import set_list_store
from huoju.core.ui.panels import Panel
from huoju.hub.companies import registry as companies_registry
from huoju.hub.companies import search as companies_search
from huoju.hub.companies import telling as companies_telling
from huoju.hub.companies.facts import CompanyMerged, CompanyUnmerged, CompanyUpdated
from huoju.hub.consent import laketables as consent_tables
from huoju.hub.consent import pages as consent_pages
from huoju.hub.consent import telling as consent_telling
from huoju.hub.consent.aspect import consents_of
from huoju.hub.consent.registry import register_relations, register_request_taker
from huoju.hub.identity import pages as identity_pages
from huoju.hub.identity import queries as identity_queries
from huoju.hub.identity import telling as identity_telling
from huoju.hub.identity.facts import CompanyJoined, CompanyLeft, IdentifierVerified
from huoju.hub.identity.readers import IDENTITY
from huoju.hub.identity.registry import Aspect, register_aspect
from huoju.hub.privacy import operations as privacy
from huoju.hub.privacy import own as privacy_own
from huoju.hub.privacy import remains as privacy_remains
from huoju.hub.privacy.facts import PersonErased
from huoju.hub.profile import search as profile_search
from huoju.hub.profile import telling as profile_telling
from huoju.hub.profile import traits as profile_traits
from huoju.hub.profile.readers import profile_reader
from huoju.hub.profile.registry import register_traits
from huoju.hub.segments import laketables as segment_tables
from huoju.hub.segments import telling as segment_telling
from huoju.hub.segments.readers import segments_reader
from huoju.hub.segments.registry import (
    register_activities,
    register_births,
    register_derived,
    register_upheavals,
)
from huoju.measure.funnel import mirrored
from huoju.measure.funnel import pages as funnel_pages
from huoju.measure.funnel.readers import FUNNEL
from huoju.measure.warehouse import operations as warehouse
from huoju.qualify.cleaning import queries as cleaning_queries
from huoju.qualify.intake import held as intake_held
from huoju.qualify.intake import pages as intake_pages
from huoju.qualify.intake import queries as intake_queries
from huoju.qualify.intake.readers import INTAKE
from huoju.qualify.leads import companies as leads_companies
from huoju.qualify.leads import held as leads_held
from huoju.qualify.leads import pages as leads_pages
from huoju.qualify.leads import queries as leads_queries
from huoju.qualify.leads import search as leads_search
from huoju.qualify.leads import telling as leads_telling
from huoju.qualify.leads import traits as leads_traits
from huoju.qualify.leads.aspect import leads_of
from huoju.qualify.leads.facts import (
    LeadCaptured,
    LeadRestored,
    LeadTouched,
    LeadTouchWithdrawn,
    LeadUpdated,
    LeadWithdrawn,
)
from huoju.qualify.leads.panels import LEAD_PANELS
from huoju.qualify.recognition import pages as recognition_pages
from huoju.qualify.recognition import telling as recognition_telling
from huoju.qualify.recognition.readers import recognition_reader
from huoju.qualify.scoring import pages as scoring_pages
from huoju.qualify.scoring import signals
from huoju.qualify.scoring import telling as scoring_telling
from huoju.qualify.scoring.facts import BandChanged

from . import activities, sidebar
from . import pages as site_pages
from .people import wire_profile_page


def wire() -> None:
    """Fill all registries. Called once, when every app is loaded; calling it again changes nothing."""
    set_list_store(DatabaseListStore())
    navigation.register(*sidebar.SECTIONS)
    wire_tellers()
    register_relations(leads_queries.RELATIONS)
    wire_privacy()
    campaign_queries.register_lead_counter(leads_queries.figures_by_campaign)
    form_queries.register_outcomes(intake_queries.outcomes_of_submissions)
    cleaning_queries.register_trial(intake_queries.try_rules)
    wire_warehouse()
    wire_traits()
    wire_segments()
    register_kind(leads_search.LEADS)
    register_kind(profile_search.people((LeadCaptured, LeadWithdrawn, LeadRestored, PersonErased)))
    register_kind(companies_search.COMPANIES)
    register_operations_panel(lake_pages.OPERATIONS_PANEL)
    wire_readers()
    wire_lead_page()
    wire_companies()
    wire_profile_page()
    register_target(LeadsTarget())
    register_target(PaymentsTarget())


def wire_privacy() -> None:
    """Who holds data of persons, and who takes their requests."""
    for room in (
        privacy_own,
        privacy_remains,
        imports_held,
        leads_held,
        intake_held,
        workbench_held,
        deals_held,
    ):
        room.register()
    register_request_taker(privacy.ask_by_mail)


def wire_lead_page() -> None:
    """What the wings above show on a lead's page, and their cards on the start page."""
    workbench, deals = workbench_pages, deals_pages
    LEAD_PANELS.register(
        Panel(
            code="answer", place="next", order=20, template="workbench/_next.html", build=workbench.next_panel
        ),
        Panel(code="deal.next", place="next", order=10, template="deals/_next.html", build=deals.next_panel),
        Panel(code="deal", place="side", order=10, template="deals/_side.html", build=deals.side_panel),
        Panel(
            code="mark",
            place="next",
            order=5,
            template="recognition/_mark.html",
            build=recognition_pages.mark_panel,
        ),
        Panel(
            code="score",
            place="side",
            order=40,
            template="scoring/_explain.html",
            build=scoring_pages.score_panel,
        ),
        Panel(
            code="mql",
            place="side",
            order=50,
            template="recognition/_why.html",
            build=recognition_pages.mql_panel,
        ),
        Panel(
            code="owner",
            place="side",
            order=60,
            template="routing/_why.html",
            build=routing_pages.owner_panel,
        ),
        Panel(
            code="consent",
            place="side",
            order=70,
            template="consent/_panel.html",
            build=lambda request, lead: consent_pages.consent_panel(request, lead.person_id),
        ),
        Panel(
            code="activities",
            place="side",
            order=30,
            template="workbench/_activities.html",
            build=workbench.activities_panel,
        ),
    )
    register_aspect(Aspect(code="leads", label=_("Leads"), order=10, lines=leads_of))
    register_aspect(Aspect(code="consent", label=_("Consent"), order=20, lines=consents_of))
    register_home_card("merges", identity_pages.home_card, order=30, action=Action.MERGE_PEOPLE)
    register_home_card("first_steps", site_pages.first_steps_card, order=0)
    register_home_card("funnel", funnel_pages.home_card, order=5, action=Action.SEE_REPORTS)
    register_home_card("left_behind", leads_pages.left_behind_card, order=8, action=Action.ASSIGN)
    register_home_card("quarantine", intake_pages.home_card, order=20, action=Action.REVIEW_QUARANTINE)
    register_home_card("workbench.day", workbench_pages.home_card, order=10, action=Action.SELL)


def wire_companies() -> None:
    """What the rooms above companies know of them, and what stands on a company's page."""
    links.register_link("company", lambda pk: reverse("companies:company", args=[pk]))
    companies_registry.register_visibility(leads_companies.visible_companies)
    companies_registry.register_people(leads_companies.people_at)
    companies_registry.register_common_values(leads_companies.common_values)
    companies_registry.register_mail_domains(identity_queries.mail_domains_of_companies)
    companies_registry.COMPANY_PANELS.register(
        Panel(
            code="leads",
            place="main",
            order=10,
            template="leads/_of_company.html",
            build=leads_companies.leads_panel,
        ),
        Panel(
            code="deals",
            place="main",
            order=20,
            template="deals/_of_company.html",
            build=deals_companies.deals_panel,
        ),
    )


def wire_readers() -> None:
    """Who reads the fact log, in the order in which a fact passes them."""
    wire_signals()
    known = {reader.name for reader in readers.all_readers()}
    ours = (
        INTAKE,
        IDENTITY,
        recognition_reader(),
        ROUTING,
        profile_reader(),
        FUNNEL,
        segments_reader(),
        search_reader(),
    )
    readers.register(*(reader for reader in ours if reader.name not in known))


def wire_signals() -> None:
    """What upper wings report that counts as engagement."""
    called = {"call/reached": ("call.connected",), "call/not_interested": ("call.refused",)}
    signals.register(signals.Signal(ActivityLogged, ("kind", "outcome"), called))


def wire_tellers() -> None:
    """How facts read on timelines, and what the ids in them are called."""
    register_names("user", _user_names)
    register_names("channel", lambda _ids: campaign_queries.channel_labels())
    register_names("campaign", _campaign_names)
    for room in (
        companies_telling,
        identity_telling,
        consent_telling,
        segment_telling,
        profile_telling,
        leads_telling,
        scoring_telling,
        recognition_telling,
        routing_telling,
        workbench_telling,
        deals_telling,
    ):
        room.register()


def _user_names(ids: Sequence[int]) -> dict[int, str]:
    users = User.objects.filter(pk__in=ids).values_list("pk", "name", "username")
    return {pk: name or username for pk, name, username in users}


def _campaign_names(ids: Sequence[int]) -> dict[int, str]:
    return dict(Campaign.objects.filter(pk__in=ids).values_list("pk", "name"))


def wire_warehouse() -> None:
    """The tables that the analytics engine holds."""
    warehouse.register(mirrored.LEADS, mirrored.PAYMENTS)


def wire_traits() -> None:
    """What may be asked of a profile, and the tables that flow to the lake for it."""
    wire_signals()  # what scores a lead anew must be known
    # A submission or a file that says more of its person, and a mail box that answered.
    told = (LeadCaptured, LeadTouched, LeadUpdated, IdentifierVerified)
    employed = (*told, CompanyJoined, CompanyLeft)
    register_traits(
        profile_traits.persons(told),
        profile_traits.companies((*employed, CompanyUpdated)),
        leads_traits.LEAD,
        leads_traits.scores((*recognition_reader().kinds, BandChanged)),
        deals_traits.DEAL,
        deals_traits.PAYMENT,
        deals_traits.PAYMENT_TOTALS,
        deals_traits.company_payments((*employed, CompanyMerged, CompanyUnmerged)),
        *profile_traits.permissions(consent_tables.CONSENTS),
    )
    lake_tables.register(
        *profile_traits.LAKE_TABLES, leads_traits.LEADS, deals_traits.DEALS, deals_traits.PAYMENTS
    )


def wire_segments() -> None:
    """What definitions of segments may ask of the log."""
    register_activities(*activities.ACTIVITIES)
    register_births(LeadCaptured)
    register_upheavals(PersonErased, LeadWithdrawn, LeadRestored, LeadTouchWithdrawn)
    register_derived("score")
    lake_tables.register(*segment_tables.LAKE_TABLES, consent_tables.CONSENTS)
