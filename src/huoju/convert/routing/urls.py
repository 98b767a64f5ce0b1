"""Addresses of routing."""

from django.urls import include, path

from . import pages

app_name = "routing"
urlpatterns = [
    path("rules/", include(pages.PAGES.urls())),
    path("seats/", pages.seats, name="seats"),
    path("seats/hand-out/", pages.hand_out, name="hand_out"),
    path("seats/new/", pages.seat_new, name="seat_new"),
    path("seats/<int:user_id>/", pages.seat, name="seat"),
]
