"""Addresses under `/imports/`."""

from django.urls import path

from . import pages

app_name = "imports"

urlpatterns = [
    path("", pages.ImportList.as_view(), name="imports"),
    path("new/", pages.upload, name="upload"),
    path("<int:pk>/", pages.show, name="import"),
    path("<int:pk>/mapping/", pages.mapping, name="mapping"),
    path("<int:pk>/reading/", pages.reading, name="reading"),
    path("<int:pk>/preview/", pages.preview, name="preview"),
    path("<int:pk>/survey/", pages.survey, name="survey"),
    path("<int:pk>/run/", pages.run, name="run"),
    path("<int:pk>/progress/", pages.progress, name="progress"),
    path("<int:pk>/cancel/", pages.cancel, name="cancel"),
    path("<int:pk>/resume/", pages.resume, name="resume"),
    path("<int:pk>/rollback/", pages.rollback, name="rollback"),
    path("<int:pk>/delete/", pages.delete, name="delete"),
    path("<int:pk>/rejected.<str:kind>", pages.rejected, name="rejected"),
    path("<int:pk>/mapping.json", pages.mapping_file, name="mapping_file"),
]
