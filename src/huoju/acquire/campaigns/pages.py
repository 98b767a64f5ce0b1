"""Pages of campaigns and channels: lists, forms, and the link builder with its QR codes."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huoju.core.access.gate import current_user, requires
from huoju.core.access.policy import Action
from huoju.core.ui.formats import number
from huoju.core.ui.formpage import show_form
from huoju.core.ui.listing import Empty, ListPage, Sort
from huoju.core.ui.parts import Figure
from huoju.core.ui.qr import qr_response
from huoju.core.ui.respond import redirect_to, respond

from . import operations, queries
from .filters import CampaignFilter, ChannelFilter
from .forms import CampaignForm, ChannelForm, LinkForm
from .models import Campaign, Channel
from .tables import STATE_LOOKS, CampaignTable, ChannelTable, campaign_url, channel_url


@requires(Action.RUN_CAMPAIGNS)
class CampaignList(ListPage[Campaign]):
    """What marketing does, and what it brought."""

    code = "campaigns.campaigns"
    title = gettext_lazy("Campaigns")
    subtitle = gettext_lazy("What marketing does to bring people in, and what came of it.")
    template = "campaigns/campaigns.html"
    table_class = CampaignTable
    filter_class = CampaignFilter
    inline_filters = ("channel", "state")
    sorts = {
        "name": Sort("name"),
        "state": Sort("state"),
        "starts_on": Sort("starts_on", nullable=True),
        "ends_on": Sort("ends_on", nullable=True),
        "budget": Sort("budget", nullable=True),
        "created_at": Sort("created_at"),
    }
    default_sort = "-created_at"
    default_columns = ("name", "channel", "state", "leads", "mqls", "won", "starts_on", "budget", "owner")
    empty = Empty(
        title=gettext_lazy("No campaigns yet"),
        text=gettext_lazy("A campaign gives its links a name, so that every lead says where it came from."),
        icon="speakerphone",
        action_label=gettext_lazy("Create a campaign"),
        action_url="/campaigns/new/",
    )

    def rows(self) -> QuerySet[Campaign]:
        """All campaigns; the filter leaves out the archived ones."""
        return queries.list_campaigns(archived=None)

    def row_url(self, row: Campaign) -> str:
        """To the campaign."""
        return campaign_url(row)


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def campaign_new(request: HttpRequest) -> HttpResponse:
    """Start a campaign."""
    user = current_user(request)
    form = CampaignForm(request.POST or None, initial={"owner": user.pk, "state": Campaign.State.RUNNING})
    if form.is_valid():
        values = {**form.cleaned_data}
        owner = values.pop("owner")
        try:
            campaign = operations.create_campaign(
                **values, owner_id=owner.pk if owner else None, actor=f"user:{user.pk}", now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("“%(name)s” is there. Build its first link below.") % {"name": campaign.name}
            )
            return redirect_to(request, campaign_url(campaign))
    return show_form(request, form, title=_("New campaign"), submit=_("Create"), crumbs=_campaign_crumbs())


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def campaign_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a campaign."""
    campaign = get_object_or_404(Campaign, pk=pk)
    form = CampaignForm(request.POST or None, instance=campaign)
    if form.is_valid():
        operations.update_campaign(campaign=form.instance)
        messages.success(request, _("Saved."))
        return redirect_to(request, campaign_url(campaign))
    crumbs = [*_campaign_crumbs(), (campaign.name, campaign_url(campaign))]
    return show_form(request, form, title=_("Edit the campaign"), submit=_("Save"), crumbs=crumbs)


@requires(Action.RUN_CAMPAIGNS)
@require_POST
def campaign_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a campaign away, or take it back."""
    campaign = get_object_or_404(Campaign, pk=pk)
    archived = request.POST.get("archived") == "1"
    operations.archive_campaign(campaign=campaign, archived=archived)
    messages.success(request, _("Archived.") if archived else _("Back in use."))
    return redirect_to(request, campaign_url(campaign))


@requires(Action.RUN_CAMPAIGNS)
@require_safe
def campaign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A campaign: its figures, and the builder of its links. The same address answers the built link alone."""
    campaign = get_object_or_404(Campaign.objects.select_related("channel", "owner"), pk=pk)
    asked = request.GET if "base" in request.GET else None
    form = LinkForm(
        asked,
        campaign=campaign,
        initial={
            "base": request.session.get("campaigns_link_base", ""),
            "utm_source": campaign.utm_source,
            "utm_medium": campaign.utm_medium,
        },
    )
    link = form.link if asked is not None and form.is_valid() else ""
    if link:
        request.session["campaigns_link_base"] = form.cleaned_data["base"]
    context = {
        "title": campaign.name,
        "crumbs": _campaign_crumbs(),
        "campaign": campaign,
        "state": STATE_LOOKS[Campaign.State(campaign.state)],
        "figures": _figures(campaign),
        "form": form,
        "link": link,
    }
    return respond(request, "campaigns/campaign.html", context, fragment="campaigns/_link.html")


def _figures(campaign: Campaign) -> list[Figure]:
    figures = queries.lead_figures([campaign.pk])
    if figures is None:
        return []
    found = figures.get(campaign.pk, queries.LeadFigures())
    return [
        Figure(label=_("Leads"), value=number(found.leads)),
        Figure(label=_("MQL"), value=number(found.mqls)),
        Figure(label=_("Won"), value=number(found.won)),
    ]


@requires(Action.RUN_CAMPAIGNS)
@require_safe
def campaign_qr(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """The QR code of a built link, as SVG for the screen and PNG for print."""
    campaign = get_object_or_404(Campaign, pk=pk)
    form = LinkForm(request.GET, campaign=campaign)
    if not form.is_valid():
        raise Http404
    return qr_response(form.link, kind, name=campaign.code)


# --- Channels -----------------------------------------------------------------------------------------------


@requires(Action.RUN_CAMPAIGNS)
class ChannelList(ListPage[Channel]):
    """Where people come from."""

    code = "campaigns.channels"
    title = gettext_lazy("Channels")
    subtitle = gettext_lazy(
        "Where people come from. UTM values and referrers decide which channel a lead counts for."
    )
    template = "campaigns/channels.html"
    table_class = ChannelTable
    filter_class = ChannelFilter
    inline_filters = ("kind",)
    sorts = {"name": Sort("name"), "kind": Sort("kind"), "code": Sort("code")}
    default_sort = "name"

    def rows(self) -> QuerySet[Channel]:
        """All channels, archived ones too."""
        return Channel.objects.all()

    def row_url(self, row: Channel) -> str:
        """To the channel."""
        return channel_url(row)


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def channel_new(request: HttpRequest) -> HttpResponse:
    """Add a channel."""
    return _save_channel(request, None, title=_("New channel"), submit=_("Create"))


@requires(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "POST"])
def channel_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a channel, or put it away."""
    channel = get_object_or_404(Channel, pk=pk)
    return _save_channel(request, channel, title=str(channel), submit=_("Save"))


def _save_channel(request: HttpRequest, channel: Channel | None, *, title: str, submit: str) -> HttpResponse:
    form = ChannelForm(request.POST or None, channel=channel)
    if form.is_valid():
        try:
            operations.save_channel(channel=channel, **form.values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect_to(request, reverse("campaigns:channels"))
    crumbs = [(_("Channels"), reverse("campaigns:channels"))]
    return show_form(
        request, form, "campaigns/channel.html", title=title, submit=submit, channel=channel, crumbs=crumbs
    )


@requires(Action.RUN_CAMPAIGNS)
@require_POST
def channel_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a channel away, or take it back."""
    channel = get_object_or_404(Channel, pk=pk)
    archived = request.POST.get("archived") == "1"
    operations.archive_channel(channel=channel, archived=archived)
    messages.success(request, _("Archived.") if archived else _("Back in use."))
    return redirect_to(request, reverse("campaigns:channels"))


def _campaign_crumbs() -> list[tuple[Any, str]]:
    return [(_("Campaigns"), reverse("campaigns:campaigns"))]
