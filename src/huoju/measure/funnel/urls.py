"""Addresses of the funnel."""

from django.urls import path

from . import pages, simulator

app_name = "funnel"
urlpatterns = [
    path("", pages.funnel, name="funnel"),
    path("filters/", pages.filters, name="filters"),
    path("leads/", pages.leads, name="leads"),
    path("simulator/", simulator.simulator, name="simulator"),
]
