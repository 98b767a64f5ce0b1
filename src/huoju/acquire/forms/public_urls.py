"""Addresses that visitors see; they stand in links and snippets out in the world and never change."""

from django.urls import path

from . import public

app_name = "public_forms"

urlpatterns = [
    path("f/<slug:slug>/", public.hosted, name="hosted"),
    path("f/<slug:slug>/thanks/", public.thanks, name="thanks"),
    path("f/<slug:slug>/embed/", public.embedded, name="embedded"),
    path("f/<slug:slug>/embed/thanks/", public.embedded_thanks, name="embedded_thanks"),
    path("embed/<slug:slug>.js", public.embed_script, name="embed_script"),
]
