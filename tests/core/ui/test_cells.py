"""Cells of tables: drawn as django-tables2 draws them."""

from typing import Any

import django_tables2 as tables
import pytest
from django.utils.html import conditional_escape, format_html

from huoju.core.access.models import Team, User
from huoju.core.ui.cells import draw_rows
from huoju.core.ui.columns import NumberColumn, StageColumn


class _People(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    name = tables.Column(attrs={"td": {"class": "wide"}})
    team = tables.Column(accessor="team__name", default="nobody's")
    role = tables.Column()
    linked = tables.Column(accessor="name", linkify=lambda value: f"/{value}")
    method = tables.Column(accessor="get_full_name")
    always = tables.Column(empty_values=(), accessor="nothing")
    missing = tables.Column(accessor="nothing__at__all")

    def render_always(self, record: Any, bound_column: Any) -> str:
        return format_html("<b>{}</b> {}", str(record), bound_column.name)


class _Plain(tables.Table):  # type: ignore[misc]  # django-tables2 has no types
    stage = StageColumn()
    count = NumberColumn()
    inner = tables.Column(accessor="deep__value")


def _as_before(table: tables.Table) -> list[str]:
    heads = [(each.name, each.attrs["td"].get("class", ""), each.header) for each in table.columns]
    return [
        "".join(
            f'<td class="{classes}{"" if at else " hj-first"}" data-label="{conditional_escape(label)}">'
            f"{conditional_escape(row.get_cell(name))}</td>"
            for at, (name, classes, label) in enumerate(heads)
        )
        for row in table.rows
    ]


@pytest.mark.django_db
def test_cells_of_records() -> None:
    team = Team.objects.create(name="North & South")
    rows = [
        User(username="a", name="A<b>", role="sales", team=team),
        User(username="c", name="", role="admin"),
    ]
    assert draw_rows(_People(rows)) == _as_before(_People(rows))


def test_cells_of_mappings() -> None:
    rows = [{"stage": "won", "count": 1234, "deep": {"value": "<x>"}}, {"stage": "", "count": None}]
    assert draw_rows(_Plain(rows)) == _as_before(_Plain(rows))
