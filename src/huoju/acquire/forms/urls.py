"""Addresses under `/forms/`: what marketing sees. What visitors see is in `public_urls`."""

from django.urls import path, re_path

from . import editor, pages

app_name = "webforms"

urlpatterns = [
    path("", pages.FormList.as_view(), name="forms"),
    path("new/", editor.new, name="new"),
    path("<int:pk>/", pages.form_page, name="form"),
    path("<int:pk>/edit/", editor.edit, name="edit"),
    path("<int:pk>/preview/", editor.preview, name="preview"),
    path("<int:pk>/versions/<int:number>/", editor.version, name="version"),
    path("<int:pk>/versions/<int:number>/restore/", editor.restore, name="restore"),
    re_path(r"^(?P<pk>\d+)/qr\.(?P<kind>svg|png)$", pages.form_qr, name="qr"),
    path("submissions/", pages.SubmissionList.as_view(), name="submissions"),
    path("submissions/<int:pk>/", pages.submission_page, name="submission"),
]
