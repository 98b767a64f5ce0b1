"""Addresses of the MQL criteria."""

from django.urls import path

from .pages import PAGES, mark

app_name = "recognition"
urlpatterns = [*PAGES.urls(), path("mark/<int:pk>/", mark, name="mark")]
