"""What stands on a person's page: where the wings meet over one human being. Part of the wiring."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from huoju.convert.deals import pages as deals_pages
from huoju.convert.workbench import pages as workbench_pages
from huoju.core.ui import links
from huoju.core.ui.panels import Panel
from huoju.hub.identity.panels import one_id_panel
from huoju.hub.profile import allowed
from huoju.hub.profile import pages as profile_pages
from huoju.hub.profile.panels import PROFILE_PANELS
from huoju.hub.profile.registry import (
    TimelineGroup,
    register_finder,
    register_groups,
    register_represented,
    register_visible,
)
from huoju.hub.segments import pages as segment_pages
from huoju.qualify.leads import profiles as leads_profiles
from huoju.qualify.scoring import pages as scoring_pages


def wire_profile_page() -> None:
    """Whom users see, how people are found, and what the wings above show on a person's page."""
    register_visible(leads_profiles.visible_persons)
    register_finder(leads_profiles.found_persons)
    register_represented(leads_profiles.represented)
    links.register_link("person", lambda pk: reverse("profile:person", args=[pk]))
    register_groups(
        TimelineGroup(
            code="interest",
            label=_("Interest"),
            nouns=("form.", "page.", "content.", "message.", "lead.captured", "lead.touched"),
        ),
        TimelineGroup(
            code="sales", label=_("Sales activities"), nouns=("activity.", "lead.accepted", "lead.rejected")
        ),
        TimelineGroup(code="deals", label=_("Deals and money"), nouns=("opportunity.", "poc.", "payment.")),
        TimelineGroup(code="leads", label=_("Stages and owners"), nouns=("lead.",)),
        TimelineGroup(code="consent", label=_("Consent"), nouns=("consent.", "suppression.", "address.")),
        TimelineGroup(
            code="profile",
            label=_("Profile and tags"),
            nouns=("profile.", "tag.", "person.", "segment.", "company."),
        ),
    )
    lead, figure = leads_profiles.of_current_lead, "profile/_glance.html"
    for code, place, order, template, build in (
        ("stage", "mark", 10, "leads/_stage_mark.html", leads_profiles.mark_panel),
        ("next", "next", 10, "leads/_next_of_person.html", leads_profiles.next_panel),
        ("stage.glance", "glance", 10, figure, leads_profiles.stage_glance),
        ("score.glance", "glance", 20, figure, leads_profiles.score_glance),
        ("money.glance", "glance", 30, figure, deals_pages.money_glance),
        ("last.glance", "glance", 50, figure, profile_pages.last_glance),
        ("leads", "main", 10, "leads/_of_person.html", leads_profiles.leads_panel),
        ("deal", "side", 20, "deals/_side.html", lead(deals_pages.side_panel)),
        ("score", "side", 10, "scoring/_explain.html", lead(scoring_pages.score_panel)),
        ("next.glance", "glance", 60, figure, lead(workbench_pages.next_glance)),
        ("allowed.glance", "glance", 40, figure, allowed.allowed_glance),
        ("allowed", "side", 15, "profile/_allowed.html", allowed.allowed_panel),
        ("one_id", "side", 70, "identity/_one_id.html", one_id_panel),
        ("segments", "side", 30, "segments/_panel.html", segment_pages.profile_panel),
    ):
        PROFILE_PANELS.register(Panel(code=code, place=place, order=order, template=template, build=build))
