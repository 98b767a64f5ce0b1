"""Addresses of the companies."""

from django.urls import path

from . import mergepages, pages

app_name = "companies"
urlpatterns = [
    path("", pages.CompanyList.as_view(), name="companies"),
    path("duplicates/", mergepages.duplicates, name="duplicates"),
    path("duplicates/<int:pk>/", mergepages.duplicate, name="duplicate"),
    path("duplicates/<int:pk>/decide/", mergepages.decide, name="decide"),
    path("merges/<int:pk>/undo/", mergepages.undo, name="undo_merge"),
    path("<int:pk>/", pages.company, name="company"),
    path("<int:pk>/edit/", pages.edit, name="edit"),
    path("<int:pk>/domains/", pages.add_domain, name="add_domain"),
    path("<int:pk>/domains/<str:domain>/remove/", pages.remove_domain, name="remove_domain"),
    path("<int:pk>/merge/", mergepages.merge, name="merge"),
]
