"""Addresses of the deals."""

from django.urls import path

from . import pages

app_name = "deals"
urlpatterns = [
    path("", pages.board, name="board"),
    path("open/<int:pk>/", pages.open_opportunity, name="open"),
    path("<int:pk>/poc/", pages.start_poc, name="start_poc"),
    path("<int:pk>/poc/end/", pages.end_poc, name="end_poc"),
    path("<int:pk>/win/", pages.win, name="win"),
    path("<int:pk>/lose/", pages.lose, name="lose"),
    path("<int:pk>/payment/", pages.record_payment, name="record_payment"),
    path("payments/<int:pk>/withdraw/", pages.withdraw_payment, name="withdraw_payment"),
]
