"""Addresses of the MQL criteria."""

from .pages import PAGES

app_name = "recognition"
urlpatterns = PAGES.urls()
