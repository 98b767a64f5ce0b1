"""Addresses of the workbench."""

from django.urls import path

from . import pages

app_name = "workbench"
urlpatterns = [
    path("inbox/", pages.inbox, name="inbox"),
    path("inbox/<int:pk>/", pages.case, name="case"),
    path("leads/<int:pk>/accept/", pages.accept, name="accept"),
    path("leads/<int:pk>/reject/", pages.reject, name="reject"),
    path("leads/<int:pk>/log/", pages.log_activity, name="log"),
    path("day/", pages.my_day, name="my_day"),
]
