"""Addresses under `/privacy/`."""

from django.urls import path

from . import pages

app_name = "privacy"
urlpatterns = [
    path("", pages.requests_page, name="requests"),
    path("new/", pages.new, name="new"),
    path("<int:pk>/", pages.request_page, name="request"),
    path("<int:pk>/approve/", pages.approve, name="approve"),
    path("<int:pk>/refuse/", pages.refuse, name="refuse"),
    path("<int:pk>/copy/", pages.copy, name="copy"),
    path("<int:pk>/certificate/", pages.certificate, name="certificate"),
]
