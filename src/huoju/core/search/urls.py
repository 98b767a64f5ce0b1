"""Addresses of the search."""

from django.urls import path

from . import pages

app_name = "search"
urlpatterns = [
    path("", pages.results, name="results"),
    path("suggest/", pages.suggest, name="suggest"),
]
