"""Addresses under `/segments/`."""

from django.urls import path

from . import listpages, pages

app_name = "segments"
urlpatterns = [
    path("", pages.SegmentList.as_view(), name="segments"),
    path("new/", pages.segment_new, name="segment_new"),
    path("preview/", pages.preview, name="preview"),
    path("<int:pk>/", pages.SegmentPage.as_view(), name="segment"),
    path("<int:pk>/edit/", pages.segment_edit, name="segment_edit"),
    path("<int:pk>/growth/", pages.growth, name="growth"),
    path("<int:pk>/versions/", pages.versions, name="versions"),
    path("<int:pk>/archive/", pages.archive, name="archive"),
    path("<int:pk>/delete/", pages.delete, name="delete"),
    path("<int:pk>/freeze/", pages.freeze, name="freeze"),
    path("lists/", listpages.Lists.as_view(), name="lists"),
    path("lists/new/", listpages.list_new, name="list_new"),
    path("lists/<int:pk>/", listpages.ListMembers.as_view(), name="list"),
    path("lists/<int:pk>/delete/", listpages.list_delete, name="list_delete"),
]
