"""Pages of campaigns and channels, as the server answers them."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client

from huoju.acquire.campaigns import operations
from huoju.acquire.campaigns.models import Campaign, Channel
from huoju.core.access.operations import create_user
from huoju.core.access.policy import Role

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)


def signed_in(role: Role, language: str = "en") -> Client:
    user, _password = create_user(
        username=role.value, name="Mia", role=role, actor=None, now=NOW, language=language
    )
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mia() -> Client:
    return signed_in(Role.MARKETING)


@pytest.fixture
def spring() -> Campaign:
    return operations.create_campaign(
        name="春季大会",
        code="spring",
        channel=Channel.objects.get(code="events"),
        utm_source="wechat",
        utm_medium="event",
        actor="user:1",
        now=NOW,
    )


def fields(**changes: str) -> dict[str, str]:
    data = {
        "name": "Spring Sale 春",
        "code": "",
        "channel": str(Channel.objects.get(code="kol").pk),
        "state": "running",
    }
    return {
        **data,
        "currency": "CNY",
        "starts_on": "2026-03-01",
        "ends_on": "",
        "budget": "1000.50",
        **changes,
    }


def test_a_campaign_is_made_and_opens_its_link_builder(mia: Client) -> None:
    answer = mia.post("/campaigns/new/", fields())
    campaign = Campaign.objects.get()
    assert answer["Location"] == f"/campaigns/{campaign.pk}/"
    assert (campaign.code, campaign.starts_on, str(campaign.budget)) == (
        "spring-sale-春",
        date(2026, 3, 1),
        "1000.50",
    )
    assert "Build a link" in mia.get(answer["Location"]).text


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": ""}, "This field is required"),
        ({"channel": "999999"}, "valid choice"),
        ({"ends_on": "2026-02-01"}, "cannot end before it starts"),
        ({"starts_on": "2026-02-30"}, "valid date"),
        ({"code": "spring"}, "already exists"),
    ],
)
def test_a_wrong_campaign_is_refused_with_a_reason(
    mia: Client, spring: Campaign, changes: dict[str, str], complaint: str
) -> None:
    answer = mia.post("/campaigns/new/", fields(**changes))
    assert answer.status_code == 422
    assert complaint in answer.text
    assert Campaign.objects.count() == 1


def test_a_campaigns_code_stays(mia: Client, spring: Campaign) -> None:
    mia.post(f"/campaigns/{spring.pk}/edit/", fields(name="New name", code="other", state="done"))
    spring.refresh_from_db()
    assert (spring.name, spring.code, spring.state) == ("New name", "spring", "done")


def test_the_link_carries_the_campaign(mia: Client, spring: Campaign) -> None:
    query = {
        "base": "www.example.com/a?x=1",
        "utm_source": "wechat",
        "utm_medium": "event",
        "utm_content": "海报",
    }
    page = mia.get(f"/campaigns/{spring.pk}/", query, headers={"HX-Request": "true"}).text
    assert (
        "https://www.example.com/a?x=1&amp;utm_source=wechat&amp;utm_medium=event&amp;utm_campaign=spring"
        "&amp;utm_content=%E6%B5%B7%E6%8A%A5"
    ) in page
    svg = mia.get(f"/campaigns/{spring.pk}/qr.svg", query)
    assert (svg["Content-Type"], svg.content[:5]) == ("image/svg+xml", b"<?xml")
    png = mia.get(f"/campaigns/{spring.pk}/qr.png", query)
    assert png.content.startswith(b"\x89PNG")
    assert "qr-spring.png" in png["Content-Disposition"]
    # The page is remembered for the next link.
    assert 'value="https://www.example.com/a?x=1"' in mia.get(f"/campaigns/{spring.pk}/").text


def test_a_bad_page_makes_no_link(mia: Client, spring: Campaign) -> None:
    answer = mia.get(f"/campaigns/{spring.pk}/", {"base": "javascript:alert(1)//"})
    assert "This is not a web address" in answer.text
    assert mia.get(f"/campaigns/{spring.pk}/qr.svg", {"base": ""}).status_code == 404


def test_archived_campaigns_are_put_away(mia: Client, spring: Campaign) -> None:
    mia.post(f"/campaigns/{spring.pk}/archive/", {"archived": "1"})
    assert "春季大会" not in mia.get("/campaigns/").text
    assert "春季大会" in mia.get("/campaigns/?archived=true").text
    mia.post(f"/campaigns/{spring.pk}/archive/", {"archived": "0"})
    assert "春季大会" in mia.get("/campaigns/").text


def test_a_channel_is_made_changed_and_put_away(mia: Client) -> None:
    made = mia.post(
        "/campaigns/channels/new/",
        {"name": "展会 B", "code": "", "kind": "paid", "utm_aliases": "expo\nExpo/B "},
    )
    assert made.status_code == 303
    channel = Channel.objects.get(code="展会-b")
    assert channel.utm_aliases == ["expo", "expo/b"]
    taken = mia.post(
        f"/campaigns/channels/{channel.pk}/", {"name": "展会", "kind": "paid", "utm_aliases": "baidu"}
    )
    assert taken.status_code == 422
    assert "Already means another channel: baidu" in taken.text
    mia.post(f"/campaigns/channels/{channel.pk}/archive/", {"archived": "1"})
    channel.refresh_from_db()
    assert (channel.name, channel.archived) == ("展会 B", True)


def test_saving_a_default_channel_does_not_freeze_its_language(mia: Client) -> None:
    website = Channel.objects.get(code="website")
    shown = str(website)
    mia.post(f"/campaigns/channels/{website.pk}/", {"name": shown, "kind": "free", "utm_aliases": "direct"})
    website.refresh_from_db()
    assert website.name == "Website"


def test_campaigns_are_marketings(spring: Campaign) -> None:
    sam = signed_in(Role.SALES)
    for path in ("/campaigns/", f"/campaigns/{spring.pk}/", "/campaigns/channels/", "/campaigns/new/"):
        assert sam.get(path).status_code == 403
