"""Addresses under `/consent/`."""

from django.urls import include, path

from . import pages
from .rulepages import PAGES

app_name = "consent"
urlpatterns = [
    path("lists/", pages.lists_page, name="lists"),
    path("lists/<int:pk>/", pages.list_page, name="list"),
    path("lists/<int:pk>/entries/", pages.change_entries, name="entries"),
    path("lists/<int:pk>/upload/", pages.upload, name="start_upload"),
    path("uploads/<int:pk>/", pages.upload_page, name="upload"),
    path("uploads/<int:pk>/not-readable.csv", pages.faults, name="faults"),
    path("policy/", pages.policy_page, name="policy"),
    path("policy/versions/", include(PAGES.urls())),
]
