"""Addresses of the quarantine."""

from django.urls import path

from . import pages

app_name = "intake"
urlpatterns = [
    path("", pages.quarantine, name="quarantine"),
    path("<int:pk>/", pages.case, name="case"),
    path("<int:pk>/release/", pages.release, name="release"),
    path("<int:pk>/confirm/", pages.confirm, name="confirm"),
]
