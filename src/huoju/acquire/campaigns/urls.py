"""Addresses under `/campaigns/`."""

from django.urls import path, re_path

from . import pages

app_name = "campaigns"

urlpatterns = [
    path("", pages.CampaignList.as_view(), name="campaigns"),
    path("new/", pages.campaign_new, name="campaign_new"),
    path("<int:pk>/", pages.campaign_page, name="campaign"),
    path("<int:pk>/edit/", pages.campaign_edit, name="campaign_edit"),
    path("<int:pk>/archive/", pages.campaign_archive, name="campaign_archive"),
    re_path(r"^(?P<pk>\d+)/qr\.(?P<kind>svg|png)$", pages.campaign_qr, name="campaign_qr"),
    path("channels/", pages.ChannelList.as_view(), name="channels"),
    path("channels/new/", pages.channel_new, name="channel_new"),
    path("channels/<int:pk>/", pages.channel_edit, name="channel"),
    path("channels/<int:pk>/archive/", pages.channel_archive, name="channel_archive"),
]
