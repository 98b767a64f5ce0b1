"""Addresses under `/people/merges/`."""

from django.urls import path

from . import pages

app_name = "identity"
urlpatterns = [
    path("", pages.inbox, name="inbox"),
    path("past/", pages.MergeList.as_view(), name="past"),
    path("past/<int:pk>/undo/", pages.undo, name="undo"),
    path("<int:pk>/", pages.case, name="case"),
    path("<int:pk>/<slug:answer>/", pages.decide, name="decide"),
    path("of/<int:person_id>/", pages.find, name="find"),
    path("of/<int:person_id>/with/<int:other_id>/", pages.pair, name="pair"),
]
