"""Addresses of people, tags and survivorship rules."""

from django.urls import include, path

from . import pages, tagpages
from .rulepages import PAGES

app_name = "profile"
urlpatterns = [
    path("", pages.PeopleList.as_view(), name="people"),
    path("tag/", tagpages.tag_people, name="tag_people"),
    path("untag/", tagpages.untag_people, name="untag_people"),
    path("tag/undo/", tagpages.undo, name="undo_tag"),
    path("tags/", tagpages.tags, name="tags"),
    path("tags/new/", tagpages.edit, name="new_tag"),
    path("tags/<int:pk>/", tagpages.edit, name="tag"),
    path("rules/", include(PAGES.urls())),
    path("<int:pk>/", pages.person, name="person"),
    path("<int:pk>/edit/", pages.edit, name="edit"),
    path("<int:pk>/restore/", pages.restore, name="restore"),
    path("<int:pk>/tags/", tagpages.tag_person, name="tag_person"),
    path("<int:pk>/reveal/<slug:field>/", pages.reveal, name="reveal"),
]
