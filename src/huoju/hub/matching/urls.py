"""Addresses of the same-person search."""

from django.urls import path

from . import pages

app_name = "matching"
urlpatterns = [
    path("", pages.matching, name="matching"),
    path("search/", pages.search, name="search"),
    path("threshold/", pages.threshold, name="threshold"),
    path("<int:pk>/progress/", pages.progress, name="progress"),
]
