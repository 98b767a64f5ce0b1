"""Template tags, parts, timeline, answers, links, home cards."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from huoju.core.ui import home, links
from huoju.core.ui.home import CardContent, home_cards, register_home_card
from huoju.core.ui.parts import Event, Figure, Progress, Step, Steps
from huoju.core.ui.respond import is_fragment, redirect_to, toast, trigger
from huoju.core.ui.templatetags import ui
from huoju.core.ui.timeline import by_day


@pytest.fixture(autouse=True)
def in_english() -> Any:
    """English and Shanghai."""
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        yield


def render(source: str, **context: Any) -> str:
    """What a template makes of `source`."""
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("source", "value", "html"),
    [
        ("{{ x|number }}", 1234567, "1,234,567"),
        ("{{ x|number:1 }}", 0.25, "0.3"),
        ("{{ x|compact }}", 12345, "12.3K"),
        ("{{ x|money }}", Decimal("1234.5"), "¥1,234.50"),
        ('{{ x|money:"USD" }}', 10, "$10"),
        ("{{ x|percent }}", 0.5, "50.0%"),
        ("{{ x|masked }}", "13812345678", "138****5678"),
        ("{{ x|day }}", datetime(2026, 3, 8, 17, tzinfo=UTC), "2026-03-09"),
        ("{{ x|day }}", date(2026, 3, 8), "2026-03-08"),
        ("{{ x|time_of_day }}", datetime(2026, 3, 8, 17, 5, tzinfo=UTC), "01:05"),
        (
            "{{ x|clock }}",
            datetime(2026, 3, 8, 17, 5, tzinfo=UTC),
            '<time class="hj-time" datetime="2026-03-08T17:05:00+00:00">2026-03-09 01:05</time>',
        ),
        ("{% icon x %}", 'a"b', '<i class="ti ti-a&quot;b " aria-hidden="true"></i>'),
        ("{% stage_badge x %}", "mql", '<span class="hj-stage stage-mql">MQL</span>'),
        ("{% stage_badge x %}", "<b>", '<span class="hj-stage stage-pool">&lt;b&gt;</span>'),
        ('{% badge x "success" %}', "<ok>", '<span class="hj-badge hj-badge-success">&lt;ok&gt;</span>'),
        ("{% bar_class x %}", 0.333, "hj-w-33"),
        ("{% bar_class x %}", 7, "hj-w-100"),
        ("{% kbd x %}", "j k", "<kbd>j</kbd> <kbd>k</kbd>"),
    ],
)
def test_tags(source: str, value: Any, html: str) -> None:
    assert render(source, x=value) == html


@pytest.mark.parametrize(
    "name", ["number", "compact", "money", "compact_money", "percent", "day", "clock", "ago"]
)
def test_nothing_is_a_dash(name: str) -> None:
    assert render(f"{{{{ x|{name} }}}}", x=None) == "—"


@pytest.mark.parametrize(
    ("distance", "english", "chinese"),
    [
        (timedelta(seconds=-1), "just now", "刚刚"),
        (timedelta(minutes=-1, seconds=-1), "1 minute ago", "1 分钟前"),
        (timedelta(hours=-5, seconds=-1), "5 hours ago", "5 小时前"),
        (timedelta(days=2, hours=1), "in 2 days", "2 天后"),
    ],
)
def test_ago(distance: timedelta, english: str, chinese: str) -> None:
    moment = timezone.now() + distance
    assert f">{english}</time>" in ui.ago(moment)
    with translation.override("zh-hans"):
        assert f">{chinese}</time>" in ui.ago(moment)


def test_long_ago_is_a_date() -> None:
    assert ">2020-01-01</time>" in ui.ago(datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        *(
            ("王晓梅", "晓梅"),
            ("欧阳明远", "明远"),
            ("王梅", "王梅"),
            ("张总", "张总"),
            ("王晓梅 (Amy)", "晓梅"),
        ),
        *(("管理员", "管理"), ("市场专员", "市场"), ("王经理", "王"), ("欧阳女士", "欧阳")),
        *(("燎原数据科技有限公司", "燎原"), ("Anna Schmidt", "AS"), ("Émile O'Neill", "ÉO"), ("bob", "B")),
        *(("_x", "X"), ("李", "李"), ("部", "部"), ("🔥", ""), ("", "")),
    ],
)
def test_initials(name: str, initials: str) -> None:
    assert ui.initials(name) == initials


def test_links_appear_once_their_room_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_targets", {})
    source = '{% link_to "company" pk name %}'
    assert render(source, pk=7, name="A & B") == "A &amp; B"
    links.register_link("company", lambda pk: f"/companies/{pk}/")
    assert render(source, pk=7, name="A & B") == '<a class="hj-link" href="/companies/7/">A &amp; B</a>'
    assert render(source, pk=None, name=None) == "—"


@pytest.mark.parametrize(
    ("change", "good", "direction", "mood"),
    [
        (None, "up", "flat", "flat"),
        (0, "up", "flat", "flat"),
        (0.1, "up", "up", "good"),
        (-0.1, "up", "down", "bad"),
        (-0.1, "down", "down", "good"),
    ],
)
def test_mood_of_a_figure(change: float | None, good: Any, direction: str, mood: str) -> None:
    item = Figure(label="x", value="1", change=change, good=good)
    assert (item.direction, item.mood) == (direction, mood)


def test_steps_and_progress() -> None:
    steps = Steps([Step(code=code, label=code) for code in "abc"], "b")
    assert [(number, step.code, state) for number, step, state in steps.numbered] == [
        (1, "a", "done"),
        (2, "b", "now"),
        (3, "c", "todo"),
    ]
    work = Progress(url="/", done=250, total=200, label="x")
    assert (work.share, work.percent) == (1.0, 100)
    assert Progress(url="/", done=3, total=None, label="x").share == 0.0


def test_finished_work_asks_no_more() -> None:
    running = render(
        '{% include "ui/_progress.html" %}', progress=Progress(url="/p/", done=1, total=2, label="x")
    )
    assert 'hx-get="/p/"' in running
    assert "hj-w-50" in running
    done = Progress(url="/p/", done=2, total=2, label="x", finished=True)
    assert "hx-get" not in render('{% include "ui/_progress.html" %}', progress=done)


def test_a_timeline_goes_by_the_days_of_the_zone() -> None:
    evening = datetime(2026, 3, 8, 15, 59, tzinfo=UTC)
    events = [Event(at=evening + timedelta(minutes=n), title=str(n)) for n in (0, 2, 1)]
    days = by_day(events)
    assert [(day.day, [event.title for event in day.events]) for day in days] == [
        (date(2026, 3, 9), ["2", "1"]),
        (date(2026, 3, 8), ["0"]),
    ]


def test_a_masked_contact_offers_its_reveal() -> None:
    html = render('{% contact value "/reveal/" "mail" %}', value="zhang@example.com")
    assert "z***@example.com" in html
    assert "zhang@" not in html
    assert 'hx-post="/reveal/"' in html
    assert "hx-post" not in render("{% contact value %}", value="13812345678")


def test_a_chart_cannot_break_out_of_its_script() -> None:
    html = render("{{ option|json_script:'c' }}", option={"name": "</script><script>alert(1)"})
    assert "</script><script>" not in html


@pytest.mark.parametrize(
    ("headers", "fragment"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "partial"}, True),
        ({"HX-Request": "true", "HX-Request-Type": "full"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_fragments(rf: RequestFactory, headers: dict[str, str], fragment: bool) -> None:
    assert is_fragment(rf.get("/", headers=headers)) is fragment


def test_events_of_an_answer_add_up_in_ascii() -> None:
    response = toast(trigger(HttpResponse(), case_done={"id": 3}), "已保存", undo_url="/undo/")
    assert response["HX-Trigger"].isascii()
    assert json.loads(response["HX-Trigger"]) == {
        "case-done": {"id": 3},
        "toast": {"text": "已保存", "level": "success", "undo": "/undo/"},
    }


def test_redirects_suit_who_asks(rf: RequestFactory) -> None:
    plain = redirect_to(rf.post("/"), "/there/")
    assert (plain.status_code, plain["Location"]) == (303, "/there/")
    htmx = redirect_to(rf.post("/", headers={"HX-Request": "true"}), "/there/")
    assert (htmx.status_code, htmx["HX-Redirect"]) == (204, "/there/")


def test_home_cards_by_order_and_permission(rf: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "_cards", {})

    def card(name: str) -> Any:
        def build(request: HttpRequest) -> CardContent | None:
            return CardContent(name, {}) if name != "empty" else None

        return build

    register_home_card("b", card("b"), order=20)
    register_home_card("a", card("a"), order=10, action="sell")
    register_home_card("empty", card("empty"), order=5)
    request = rf.get("/")
    assert [item.template for item in home_cards(request, lambda _action: True)] == ["a", "b"]
    assert [item.template for item in home_cards(request, lambda _action: False)] == ["b"]
