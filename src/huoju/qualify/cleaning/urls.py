"""Addresses of the cleaning rules."""

from .pages import PAGES

app_name = "cleaning"
urlpatterns = PAGES.urls()
