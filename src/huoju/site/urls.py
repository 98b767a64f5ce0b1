"""Every address. Rooms are listed by hand: what is not here is not reachable."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from . import pages, rest

# Rooms' pages, in the order of a lead's life.
ROOMS: list[tuple[str, str]] = [
    ("", "huoju.acquire.forms.public_urls"),
    ("people/merges/", "huoju.hub.identity.urls"),
    ("people/matching/", "huoju.hub.matching.urls"),
    ("", "huoju.hub.consent.public_urls"),
    ("", "huoju.hub.privacy.public_urls"),
    ("consent/", "huoju.hub.consent.urls"),
    ("privacy/", "huoju.hub.privacy.urls"),
    ("imports/", "huoju.acquire.imports.urls"),
    ("campaigns/", "huoju.acquire.campaigns.urls"),
    ("forms/", "huoju.acquire.forms.urls"),
    ("companies/", "huoju.hub.companies.urls"),
    ("people/", "huoju.hub.profile.urls"),
    ("segments/", "huoju.hub.segments.urls"),
    ("leads/", "huoju.qualify.leads.urls"),
    ("quarantine/", "huoju.qualify.intake.urls"),
    ("sales/", "huoju.convert.workbench.urls"),
    ("deals/", "huoju.convert.deals.urls"),
    ("funnel/", "huoju.measure.funnel.urls"),
    ("search/", "huoju.core.search.urls"),
    ("rules/cleaning/", "huoju.qualify.cleaning.urls"),
    ("rules/scoring/", "huoju.qualify.scoring.urls"),
    ("rules/mql/", "huoju.qualify.recognition.urls"),
    ("routing/", "huoju.convert.routing.urls"),
    ("settings/", "huoju.core.access.urls"),
    ("operations/", "huoju.core.facts.urls"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("healthz", pages.alive, name="healthz"),
    path("readyz", pages.ready, name="readyz"),
    path("api/", rest.reference, name="api_reference"),
    path("api/", rest.urls()),
    path("favicon.ico", RedirectView.as_view(url="/static/ui/flame.svg", permanent=True)),
    path("accounts/", include("huoju.core.access.account_urls")),
    *(path(prefix, include(module)) for prefix, module in ROOMS),
]

handler400 = "huoju.site.pages.bad_request"
handler403 = "huoju.site.pages.forbidden"
handler404 = "huoju.site.pages.not_found"
handler500 = "huoju.site.pages.server_error"
