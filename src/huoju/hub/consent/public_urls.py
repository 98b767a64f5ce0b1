"""Addresses that stand in mails out in the world and never change."""

from django.urls import path

from . import public

app_name = "consent_public"
urlpatterns = [
    path("u/<str:token>/", public.unsubscribe, name="unsubscribe"),
    path("preferences/<str:token>/", public.preferences, name="preferences"),
    path("confirm/<str:token>/", public.confirm, name="confirm"),
]
