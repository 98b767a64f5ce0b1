"""Every pattern once, filled with made-up data: the pages that the browser tests look at. Never part of the product."""

from datetime import timedelta
from typing import Any

import django_tables2 as tables
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone

from huoju.core.ui.columns import MoneyColumn, NumberColumn, StageColumn
from huoju.core.ui.listing import Empty
from huoju.core.ui.parts import (
    BoardColumn,
    Card,
    Case,
    Chart,
    Event,
    Figure,
    Progress,
    Step,
    Steps,
    Tab,
)
from huoju.core.ui.respond import respond
from huoju.core.ui.stages import STAGES
from huoju.core.ui.timeline import by_day
from huoju.site.urls import urlpatterns as site_urls

PEOPLE = ["王晓梅", "李志强", "陈嘉怡", "Anna Schmidt", "欧阳明远", "刘洋", "赵敏", "Tom Becker"]
COMPANIES = ["杭州云栖数据有限公司", "上海启明软件股份有限公司", "深圳远航科技", "Nordwind GmbH"]


class SplitTable(tables.Table):  # type: ignore[misc]
    """A report's table."""

    channel = tables.Column(verbose_name="Channel")
    stage = StageColumn(verbose_name="Stage")
    leads = NumberColumn(verbose_name="Leads")
    revenue = MoneyColumn(verbose_name="Revenue")


def report(request: HttpRequest) -> HttpResponse:
    """Report."""
    months = [f"2026-{month:02}" for month in range(1, 13)]
    charts = [
        Chart(
            code="leads",
            title="Leads",
            summary="Leads a month, rising",
            option={
                "legend": {},
                "xAxis": {"type": "category", "data": months},
                "yAxis": {"type": "value"},
                "series": [
                    {"type": "bar", "name": "SEM", "data": [12000 + 900 * n for n in range(12)]},
                    {"type": "line", "name": "官网", "data": [9000 + 1500 * n for n in range(12)]},
                ],
            },
        ),
        Chart(
            code="funnel",
            title="Funnel",
            summary="From lead to won",
            option={
                "format": "money",
                "xAxis": {"type": "value"},
                "yAxis": {"type": "category", "data": ["Won", "POC", "SQL"]},
                "series": [{"type": "bar", "data": [1200000, 2400000, 8100000]}],
            },
        ),
    ]
    rows = [
        {"channel": name, "stage": stage, "leads": 1234 * n, "revenue": 98765 * n}
        for n, (name, stage) in enumerate(
            zip(["SEM", "官网", "展会", "转介绍"], STAGES, strict=False), start=1
        )
    ]
    context = {
        "title": "Report",
        "figures": [
            Figure(label="Leads", value="6,012", change=0.123, note="against the month before", url="/"),
            Figure(label="MQL rate", value="31.4%", change=-0.02),
            Figure(label="Cost per lead", value="¥212", change=-0.08, good="down"),
            Figure(label="Revenue", value="¥1,284.5万", note="collected"),
        ],
        "charts": charts,
        "table": SplitTable(rows),
        "table_title": "By channel",
    }
    return respond(request, "ui/report.html", context, fragment="ui/_report.html")


def board(request: HttpRequest) -> HttpResponse:
    """Board."""
    columns = [
        BoardColumn(
            code=code,
            label=look.label,
            stage=look.colour,
            count=3 * n,
            total=f"¥{n * 30}万",
            cards=[
                Card(
                    title=COMPANIES[(n + k) % 4],
                    url="/",
                    text=PEOPLE[(n + k) % 8],
                    left=f"¥{n * 10 + k}万",
                    right="12 天",
                    move_url=reverse("board"),
                )
                for k in range(3)
            ],
        )
        for n, (code, look) in enumerate(list(STAGES.items())[2:6], start=1)
    ]
    return respond(
        request, "ui/board.html", {"title": "Board", "columns": columns}, fragment="ui/_board.html"
    )


def _case(pk: int) -> dict[str, Any]:
    return {"name": PEOPLE[pk % 8], "text": COMPANIES[pk % 4]}


def inbox(request: HttpRequest) -> HttpResponse:
    """Inbox."""
    now = timezone.now()
    cases = [
        Case(
            pk=n,
            title=PEOPLE[n % 8],
            text=COMPANIES[n % 4],
            url=reverse("case", args=[n]),
            at=now - timedelta(minutes=7 * n),
            badge="new" if n < 3 else "",
            tone="primary",
        )
        for n in range(9)
    ]
    context = {"title": "Inbox", "cases": cases, "open": 0, "panel": "gallery/case.html", "case": _case(0)}
    return respond(
        request, "ui/inbox.html", {**context, "empty": Empty(title="Done")}, fragment="ui/_inbox.html"
    )


def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case of the inbox."""
    return respond(request, "gallery/case.html", {"case": _case(pk)})


def detail(request: HttpRequest) -> HttpResponse:
    """Detail."""
    now = timezone.now()
    events = [
        Event(at=now - timedelta(minutes=5), title="打开了报价页", icon="eye", text="/pricing"),
        Event(at=now - timedelta(hours=2), title="Stage: MQL", icon="flame", tone="primary", actor="规则 3"),
        Event(
            at=now - timedelta(days=1),
            title="Called",
            icon="phone",
            tone="success",
            actor="刘洋",
            text="没有人接",
        ),
        Event(at=now - timedelta(days=9), title="Form submitted", icon="forms", tone="info", url="/"),
    ]
    context = {
        "title": "王晓梅",
        "subtitle": "杭州云栖数据有限公司 · 数据总监",
        "crumbs": [("Leads", "/")],
        "tabs": [Tab(code="timeline", label="Timeline", count=4), Tab(code="deals", label="Deals", count=0)],
        "tab": request.GET.get("tab", "timeline"),
        "tab_template": "ui/_timeline.html",
        "days": by_day(events if request.GET.get("tab") != "deals" else []),
        "phone": "+8613812345678",
    }
    return respond(request, "gallery/detail.html", context, fragment="ui/_tabs.html")


def wizard(request: HttpRequest) -> HttpResponse:
    """Wizard."""
    steps = Steps(
        [Step(code=code, label=code.title()) for code in ("file", "columns", "preview", "import")], "preview"
    )
    work = Progress(
        url=reverse("wizard"),
        done=61234,
        total=200000,
        label="Importing",
        note="You may leave this page.",
        counts=[("New", 51000), ("Joined", 9000), ("Rejected", 1234)],
    )
    context = {"title": "Import", "steps": steps, "step_template": "ui/_progress.html", "progress": work}
    return respond(request, "ui/wizard.html", context, fragment="ui/_progress.html")


urlpatterns = [
    *site_urls,
    path("gallery/report/", report, name="report"),
    path("gallery/board/", board, name="board"),
    path("gallery/inbox/", inbox, name="inbox"),
    path("gallery/inbox/<int:pk>/", case, name="case"),
    path("gallery/detail/", detail, name="detail"),
    path("gallery/wizard/", wizard, name="wizard"),
]
