"""Addresses that stand in mails."""

from django.urls import path

from . import public

app_name = "privacy_public"
urlpatterns = [path("data-request/<str:token>/", public.confirm, name="confirm")]
