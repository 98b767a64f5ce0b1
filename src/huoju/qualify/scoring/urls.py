"""Addresses of the scoring rules."""

from .pages import PAGES

app_name = "scoring"
urlpatterns = PAGES.urls()
