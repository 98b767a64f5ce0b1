"""Addresses of the operations page."""

from django.urls import path

from . import pages

app_name = "facts"
urlpatterns = [
    path("", pages.operations, name="operations"),
    path("letters/retry/", pages.retry_all, name="retry_all"),
    path("letters/<int:pk>/", pages.letter, name="letter"),
    path("letters/<int:pk>/retry/", pages.retry, name="retry"),
    path("letters/<int:pk>/dismiss/", pages.dismiss, name="dismiss"),
    path("jobs/<int:pk>/retry/", pages.retry_job, name="retry_job"),
]
