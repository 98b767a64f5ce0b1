"""Template tags of the look; built in (settings), no `{% load %}` needed."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField, SelectMultiple
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from huoju.core.ui import formats, stages
from huoju.core.ui.cells import draw_rows
from huoju.core.ui.links import link_of
from huoju.core.ui.parts import Chart, Figure

register = template.Library()
NOTHING = "—"
_HAN_RUN = re.compile("[㐀-鿿豈-﫿〇々]+")
_LETTER = re.compile(r"(?<![^\W_])[^\W_]")  # the first of each word
_LONGEST_NAME = 4
# What people are in place of a name (管理员, 销售部), and how they are addressed (王经理, 陈女士).
_ROLE = re.compile("(.+?)(员|部|组|处|科|办|经理|主任|总监|客服|主管|总裁|老师|先生|女士|小姐)")

type Number = int | float | Decimal


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


@register.filter
def number(value: Number | None, places: int | None = None) -> str:
    """`{{ 12345|number }}` → 12,345; `{{ rate|number:2 }}` fixes the decimals."""
    return NOTHING if value is None else formats.number(value, places)


@register.filter
def compact(value: Number | None) -> str:
    """`{{ 12345678|compact }}` → 1234.6万 or 12.3M."""
    return NOTHING if value is None else formats.compact(value, _language())


@register.filter
def money(value: Number | None, currency: str = "") -> str:
    """`{{ deal.amount|money:deal.currency }}` → ¥1,234.50; without a currency the house's own."""
    return NOTHING if value is None else formats.money(value, currency or settings.CURRENCY)


@register.filter
def compact_money(value: Number | None, currency: str = "") -> str:
    """`{{ revenue|compact_money }}` → ¥128.5万."""
    return (
        NOTHING if value is None else formats.compact_money(value, currency or settings.CURRENCY, _language())
    )


@register.filter
def percent(value: Number | None, places: int = 1) -> str:
    """`{{ 0.123|percent }}` → 12.3%."""
    return NOTHING if value is None else formats.percent(value, places)


@register.filter
def masked(value: str | None) -> str:
    """A phone or mail address with its middle hidden."""
    return formats.mask(value) if value else NOTHING


@register.filter
def initials(name: str) -> str:
    """Two letters for an avatar: of 王晓梅 the given name, of 王经理 the family name, of a role (管理员) or a company
    the first two characters, of a Latin name the initials."""
    han = _HAN_RUN.search(name)
    if han is None:
        return "".join(_LETTER.findall(name)[:2]).upper()
    run = han.group()
    if role := _ROLE.fullmatch(run):
        return role[1][:2]
    return run[-2:] if len(run) <= _LONGEST_NAME else run[:2]


@register.filter
def day(value: date | datetime | None) -> str:
    """A date in the user's zone: 2026-03-09."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    return date_format(value, "Y-m-d")


@register.filter
def clock(value: datetime | None) -> SafeString:
    """A date and time in the user's zone: 2026-03-09 14:05, machine-readable too."""
    if value is None:
        return SafeString(NOTHING)
    return format_html(
        '<time class="hj-time" datetime="{}">{}</time>',
        value.isoformat(),
        date_format(timezone.localtime(value), "Y-m-d H:i"),
    )


@register.filter
def ago(value: datetime | None) -> SafeString:
    """`5 minutes ago`, with the exact time on hover; beyond 30 days the date."""
    if value is None:
        return SafeString(NOTHING)
    exact = date_format(timezone.localtime(value), "Y-m-d H:i")
    return format_html(
        '<time class="hj-time" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        exact,
        _relative(value, timezone.now()) or exact[:10],
    )


def _relative(value: datetime, now: datetime) -> str:
    unit, count = formats.relative(value, now)
    size = abs(count)
    match unit:
        case "now":
            return gettext("just now")
        case "minute" if count < 0:
            return ngettext("%(n)d minute ago", "%(n)d minutes ago", size) % {"n": size}
        case "hour" if count < 0:
            return ngettext("%(n)d hour ago", "%(n)d hours ago", size) % {"n": size}
        case "day" if count < 0:
            return ngettext("%(n)d day ago", "%(n)d days ago", size) % {"n": size}
        case "minute":
            return ngettext("in %(n)d minute", "in %(n)d minutes", size) % {"n": size}
        case "hour":
            return ngettext("in %(n)d hour", "in %(n)d hours", size) % {"n": size}
        case "day":
            return ngettext("in %(n)d day", "in %(n)d days", size) % {"n": size}
    return ""


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """`{% icon "flame" %}`: a Tabler icon, decoration only (name the button itself for screen readers)."""
    return format_html('<i class="ti ti-{} {}" aria-hidden="true"></i>', name, classes)


@register.simple_tag
def stage_badge(code: str | None) -> SafeString:
    """`{% stage_badge lead.stage %}`: the stage in its colour."""
    if not code:
        return SafeString(NOTHING)
    found = stages.look(str(code))
    return format_html('<span class="hj-stage stage-{}">{}</span>', found.colour, found.label)


@register.simple_tag
def badge(label: object, colour: str = "secondary") -> SafeString:
    """`{% badge _("Active") "success" %}`: success, warning, danger, info, secondary or primary."""
    return format_html('<span class="hj-badge hj-badge-{}">{}</span>', colour, label)


@register.simple_tag
def avatar(name: str, size: str = "sm") -> SafeString:
    """A round mark with initials, its colour drawn from the name so that a person keeps it."""
    tone = sum(map(ord, name)) % 8
    return format_html(
        '<span class="hj-avatar hj-avatar-{} hj-tone-{}" aria-hidden="true">{}</span>',
        size,
        tone,
        initials(name),
    )


@register.simple_tag
def link_to(kind: str, pk: int | None, label: object) -> SafeString:
    """`{% link_to "company" lead.company_id lead.company_name %}`: a link once the kind's room is there, else text."""
    text = label or NOTHING
    url = link_of(kind, pk) if pk is not None else None
    if url is None:
        return format_html("{}", text)
    return format_html('<a class="hj-link" href="{}">{}</a>', url, text)


@register.simple_tag
def bar_class(share: Number | None) -> str:
    """The width class of a bar: `hj-w-0` … `hj-w-100` in steps of one; our CSP allows no inline style."""
    part = 0 if share is None else round(float(share) * 100)
    return f"hj-w-{min(100, max(0, part))}"


@register.simple_tag
def kbd(keys: str) -> SafeString:
    """`{% kbd "j" %}`: a key cap."""
    return format_html_join(" ", "<kbd>{}</kbd>", ((key,) for key in keys.split()))


@register.filter
def filter_input(field: Any, inline: bool = False) -> SafeString:
    """A filter's input in the look of the bar; an inline select says its label as the empty choice."""
    widget = field.field.widget
    for part in getattr(widget, "widgets", [widget]):
        kind = getattr(part, "input_type", "")
        style = {"select": "form-select", "checkbox": "form-check-input", "radio": ""}.get(
            kind, "form-control"
        )
        part.attrs["class"] = f"{part.attrs.get('class', '')} {style} form-control-sm".strip()
    if getattr(field.field, "empty_label", None) is not None:
        field.field.empty_label = field.label if inline else gettext("Any")
    return SafeString(field)


@register.filter
def table_rows(table: Any) -> list[tuple[Any, str | None, SafeString]]:
    """The rows of a table: the record, the address that a click on it opens, and its cells."""
    with_urls = getattr(table, "rows_with_urls", None)
    rows = with_urls if with_urls is not None else [(row, None) for row in table.rows]
    return [(row.record, url, cells) for (row, url), cells in zip(rows, draw_rows(table), strict=True)]


@register.inclusion_tag("ui/_figure.html")
def figure(item: Figure) -> dict[str, Any]:
    """`{% figure item %}`: a headline figure (`parts.Figure`)."""
    return {"item": item}


@register.inclusion_tag("ui/_chart.html")
def chart(item: Chart) -> dict[str, Any]:
    """`{% chart item %}`: a chart in a card; the page includes `ui/_chart_scripts.html` in its block scripts."""
    return {"item": item, "source": f"chart-{item.code}"}


@register.inclusion_tag("ui/_contact.html")
def contact(value: str | None, reveal_url: str | None = None, kind: str = "phone") -> dict[str, Any]:
    """`{% contact person.phone reveal_url "phone" %}`: masked, with a button that asks for the whole (and is logged).

    The page at `reveal_url` answers a POST with the plain value through `ui/_contact_open.html`.
    """
    return {"value": value, "masked": formats.mask(value or ""), "reveal_url": reveal_url, "kind": kind}


@register.filter
def time_of_day(value: datetime) -> str:
    """`14:05` in the user's zone; the day stands elsewhere."""
    return date_format(timezone.localtime(value), "H:i")


@register.filter
def is_multiple(field: BoundField) -> bool:
    """Whether a filter takes several of its choices."""
    return isinstance(field.field.widget, SelectMultiple)


@register.filter
def options(field: BoundField) -> list[tuple[str, str, str]]:
    """The choices of a filter: value, label, and the mark of those that are chosen; groups are unfolded."""
    chosen = {str(value) for value in field.value() or ()}
    found = []
    for key, label in getattr(field.field, "choices", ()):
        nested = label if isinstance(label, (list, tuple)) else [(key, label)]
        found += [
            (str(value), str(text), CHECKED if str(value) in chosen else "")
            for value, text in nested
            if str(value) != ""
        ]
    return found


CHECKED = mark_safe(" checked")


@register.filter
def option_boxes(options: Iterable[tuple[str, str, str]], name: str) -> SafeString:
    """The choices as boxes to tick. Drawn here and not in the template: a list has hundreds of them."""
    return format_html_join(
        "",
        '<label class="form-check"><input class="form-check-input" type="checkbox" name="{}" value="{}"{}>'
        '<span class="form-check-label">{}</span></label>',
        ((name, value, mark, label) for value, label, mark in options),
    )
