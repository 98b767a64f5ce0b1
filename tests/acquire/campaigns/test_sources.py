"""Sources resolved against the channels and campaigns that exist."""

from datetime import UTC, datetime
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from huoju.acquire.campaigns import operations, queries
from huoju.acquire.campaigns.models import Campaign, Channel
from huoju.acquire.campaigns.policy import Source, SourceHint, hint_from

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 9, 2, 0, tzinfo=UTC)
PAGE = "https://huoju.example/demo"


def channel(code: str) -> int:
    return Channel.objects.get(code=code).pk


@pytest.fixture
def spring(db: None) -> Campaign:
    return operations.create_campaign(
        name="春季大会 Spring",
        code="spring-2026",
        channel=Channel.objects.get(code="events"),
        actor="user:1",
        now=NOW,
    )


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        (SourceHint(), None),
        (SourceHint(channel=" "), None),
        (SourceHint(page="b76ef37428e6799c"), None),
        (SourceHint(channel="SEM"), "sem"),
        (SourceHint(channel="Paid search"), "sem"),
        (SourceHint(channel="nobody knows"), None),
        (SourceHint(utm={"utm_source": "baidu", "utm_medium": "cpc"}), "sem"),
        (SourceHint(utm={"utm_source": "baidu", "utm_medium": "organic"}), "seo"),
        (SourceHint(utm={"utm_source": "Hotline"}), "hotline"),
        (SourceHint(utm={"utm_source": "flyer"}, page=PAGE), None),
        (SourceHint(utm={"utm_source": "flyer"}, page=PAGE, referrer="https://weibo.com/1"), "social"),
        (SourceHint(page=PAGE), "website"),
        (SourceHint(page=PAGE + "?bd_vid=1"), "sem"),
        (SourceHint(page=PAGE, referrer="https://www.sogou.com/web?query=x"), "seo"),
        (SourceHint(page=PAGE, referrer="https://kimi.com/"), "ai"),
        (SourceHint(page=PAGE, referrer="https://blog.example/"), "links"),
        (SourceHint(channel="events", utm={"utm_source": "baidu", "utm_medium": "cpc"}), "events"),
    ],
)
def test_the_channel_of_a_hint(hint: SourceHint, code: str | None) -> None:
    (source,) = queries.resolve_sources([hint])
    assert source.channel_id == (channel(code) if code else None)


def test_a_campaign_brings_its_channel(spring: Campaign) -> None:
    events = channel("events")
    tagged = SourceHint(
        utm={"utm_campaign": "Spring-2026", "utm_source": "baidu", "utm_term": "大会"}, page=PAGE + "?a=1"
    )
    named = SourceHint(campaign="春季大会 spring", channel="kol")
    own = SourceHint(campaign_id=spring.pk)
    assert queries.resolve_sources([tagged, named, own]) == [
        Source(events, spring.pk, "大会", PAGE),
        Source(channel("kol"), spring.pk, "", ""),
        Source(events, spring.pk, "", ""),
    ]


def test_a_link_beats_the_campaign_of_the_form(spring: Campaign) -> None:
    other = operations.create_campaign(
        name="Autumn", code="", channel=Channel.objects.get(code="kol"), actor="user:1", now=NOW
    )
    hint = hint_from({"utm_campaign": "autumn", "visitor_id": "v"}, campaign_id=spring.pk)
    assert queries.resolve_sources([hint]) == [Source(channel("kol"), other.pk, "", "")]


def test_an_archived_channel_still_counts() -> None:
    operations.archive_channel(channel=Channel.objects.get(code="kol"), archived=True)
    assert queries.resolve_sources([SourceHint(utm={"utm_medium": "kol"})])[0].channel_id == channel("kol")
    assert "kol" not in [each.code for each in queries.list_channels()]


def test_a_thousand_hints_take_three_queries(spring: Campaign) -> None:
    hints = [
        SourceHint(
            utm={"utm_campaign": f"c{n}", "utm_source": f"s{n}"}, page=f"{PAGE}?n={n}", campaign_id=spring.pk
        )
        for n in range(1000)
    ]
    with CaptureQueriesContext(
        connection,
    ) as queried:
        assert {source.campaign_id for source in queries.resolve_sources(hints)} == {spring.pk}
    assert len(queried) == 3


def test_channels_of_a_file_are_made_once_with_safe_codes() -> None:
    names = [
        "organic_search",
        "Organic_Search",
        "百度 推广",
        "R&D",
        "R D",
        "seo",
        "",
        "  ",
        "unknown",
        "🎉🎉",
        "官网",
    ]
    found = operations.ensure_channels(names)
    assert set(found) == set(names) - {"", "  "}
    assert found["organic_search"] == found["Organic_Search"]
    assert found["R&D"] != found["R D"]
    assert found["seo"] == channel("seo")
    assert Channel.objects.get(pk=found["百度 推广"]).code == "百度-推广"
    assert Channel.objects.get(pk=found["百度 推广"]).name == "百度 推广"
    before = Channel.objects.count()
    assert operations.ensure_channels(names) == found
    assert Channel.objects.count() == before


def test_names_the_database_cannot_store_are_cleaned() -> None:
    found = operations.ensure_channels(["a\x00b", "lone \ud83d"])
    assert sorted(Channel.objects.filter(pk__in=found.values()).values_list("name", flat=True)) == [
        "ab",
        "lone",
    ]


def test_a_utm_value_means_one_channel() -> None:
    with pytest.raises(ValidationError, match="cpc"):
        operations.save_channel(
            channel=None, name="Mine", code="", kind="paid", utm_aliases=["*/CPC", "mine"]
        )
    made = operations.save_channel(
        channel=None, name="Mine", code="", kind="paid", utm_aliases=["Mine/Paid", " "]
    )
    assert (made.code, made.utm_aliases) == ("mine", ["mine/paid"])


def test_default_channels_follow_the_language_until_renamed() -> None:
    kol, website = Channel.objects.get(code="kol"), Channel.objects.get(code="website")
    operations.save_channel(
        channel=website, name="Our site", code="", kind="free", utm_aliases=website.utm_aliases
    )
    with override("en"):
        assert (str(kol), str(website)) == ("KOL", "Our site")
        assert queries.channel_labels()[website.pk] == "Our site"


@pytest.mark.django_db(transaction=True)
def test_two_imports_make_the_same_channels_at_once() -> None:
    names = [f"race {n}" for n in range(50)]
    barrier, found = Barrier(2), []

    def ensure(order: list[str]) -> None:
        barrier.wait()
        found.append(operations.ensure_channels(order))
        connection.close()

    threads = [Thread(target=ensure, args=(order,)) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]
    assert Channel.objects.filter(name__startswith="race ").count() == 50
