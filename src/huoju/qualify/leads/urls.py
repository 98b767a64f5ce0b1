"""Addresses of the leads."""

from django.urls import path

from . import pages

app_name = "leads"
urlpatterns = [
    path("", pages.LeadList.as_view(), name="leads"),
    path("assign/", pages.assign, name="assign"),
    path("assign/undo/", pages.undo_assign, name="undo_assign"),
    path("tag/", pages.tag, name="tag"),
    path("<int:pk>/", pages.lead, name="lead"),
    path("<int:pk>/move/", pages.move, name="move"),
    path("<int:pk>/assign/", pages.hand_over, name="hand_over"),
    path("<int:pk>/edit/", pages.edit, name="edit"),
    path("<int:pk>/reveal/<slug:field>/", pages.reveal, name="reveal"),
]
