"""The pages that change the policy table: its versions, and an editor of one place at a time.

The whole table is some hundred rows, so the editor shows and takes the rows of one place; all others come from the
version that it starts from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from huoju.core.access.rulepages import RulePages
from huoju.core.errors import UserError
from huoju.core.geo import COUNTRIES
from huoju.core.places import country_name
from huoju.core.rules import RuleBook, RuleVersion, translated
from huoju.core.ui.respond import redirect_to
from huoju.core.ui.ruleform import Field, Rows, Shape

from . import operations
from .models import ConsentPolicy
from .policy import (
    BASIS_LABELS,
    CHANNEL_LABELS,
    DOUBLE_OPT_IN_LABELS,
    EVERYWHERE,
    FOOTER_LABELS,
    PURPOSE_LABELS,
    REASON_LABELS,
    PolicyTable,
    list_changes,
    normalise_country,
    parse,
    replaced,
    rows_at,
    rows_of,
    shipped,
    validate,
)
from .queries import POLICY

EXAMPLES = 60
_TITLE = gettext_lazy("Versions of the policy table")


def place_name(code: str) -> str:
    """A place in the reader's language; an unknown code as it is."""
    return _("Everywhere else") if code == EVERYWHERE else country_name(code)


def editable_places() -> list[str]:
    """Every place that can have rows of its own, by name; everywhere else first."""
    codes = (code for code in COUNTRIES if normalise_country(code) == code)
    return [EVERYWHERE, *sorted(codes, key=place_name)]


def _shape(label: str) -> Shape:
    """What the editor shows of rows."""
    days = _("%(what)s (days; 0: for ever; empty: no)")
    fields = [
        Field(
            name="channels", label=_("Channels"), kind="choices",
            options=[(code.value, _(text)) for code, text in CHANNEL_LABELS.items()],
        ),
        Field(
            name="purpose", label=_("Purpose"), kind="choice",
            options=[(code.value, _(text)) for code, text in PURPOSE_LABELS.items()],
        ),
        Field(
            name="basis", label=_("Allowed"), kind="choice",
            options=[(code.value, _(text)) for code, text in BASIS_LABELS.items()],
        ),
        Field(name="customers", label=days % {"what": _("Customers without consent")}),
        Field(name="inquirers", label=days % {"what": _("Who asked us without consent")}),
        Field(
            name="business", label=_("Work addresses without consent"), kind="choice", size="sm",
            options=[("", _("no")), ("yes", _("yes"))],
        ),
        Field(
            name="double_opt_in", label=_("Double opt-in"), kind="choice",
            options=[(code.value, _(text)) for code, text in DOUBLE_OPT_IN_LABELS.items()],
        ),
        Field(name="register", label=_("Do-not-call register")),
        Field(name="register_days", label=_("Days that a copy of it is good for"), default=31),
        Field(
            name="footer", label=_("A message says"), kind="choices",
            options=[(code.value, _(text)) for code, text in FOOTER_LABELS.items()],
        ),
        Field(name="source", label=_("Source: statute or address"), kind="label", size="lg"),
        Field(name="reviewed", label=_("Reviewed"), default=timezone.localdate().isoformat()),
        Field(name="note", label=_("Note of the reviewer"), size="lg"),
    ]  # fmt: skip
    note = _("A row for channels and a purpose. Where there is none, the row of everywhere else decides.")
    return Shape(
        rows=[Rows(name="rows", label=label, row=Shape(fields=fields), add=_("Add a row"), note=note)]
    )


def _as_form(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "business": "yes" if row.get("business") else ""}


def _differing(rules: Any) -> dict[str, Any]:
    """The rows of a version that the shipped table does not have, each with its place."""
    same = shipped()
    rows = [_as_form(row) for row in rows_of(parse(0, rules).rules) if row not in same]
    return {"rows": [{**row, "place": ", ".join(map(place_name, row["countries"]))} for row in rows]}


def _version_shape() -> Shape:
    (rows,) = _shape(_("Rows that differ from the table that ships with Huoju")).rows
    place = Field(name="place", label=_("Place"), size="lg")
    return Shape(
        rows=[
            Rows(
                name=rows.name,
                label=rows.label,
                row=Shape(fields=[place, *rows.row.fields]),
                add="",
                note=_("All rows stand below, as JSON."),
            )
        ]
    )


def preview(rules: PolicyTable, now: datetime) -> Mapping[str, Any]:
    """Which decisions would be other ones than today."""
    changes = list_changes(POLICY.active(), rules)
    examples = [
        {
            "place": place_name(each.place),
            "channel": _(CHANNEL_LABELS[each.channel]),
            "purpose": _(PURPOSE_LABELS[each.purpose]),
            "who": translated(each.who),
            "before": _(REASON_LABELS[each.before]),
            "was_allowed": each.was_allowed,
            "after": _(REASON_LABELS[each.after]),
            "allowed": each.allowed,
        }
        for each in changes[:EXAMPLES]
    ]
    return {"count": len(changes), "examples": examples, "rest": len(changes) - len(examples)}


@dataclass(frozen=True, kw_only=True)
class _PlacePages(RulePages):
    """The editor of one place's rows in one version."""

    place: str
    version_from: int

    def _url(self, name: str, *args: object) -> str:
        url = super()._url(name, *args)
        if name != "rule_edit":
            return url
        return f"{url}?{urlencode({'country': self.place, 'from': self.version_from})}"

    def _start(self, request: HttpRequest) -> Any:
        return rows_at(super()._start(request), self.place)


@dataclass(frozen=True, kw_only=True)
class _TablePages(RulePages):
    """The versions of the whole table. Who edits one chooses a place first."""

    def edit(self, request: HttpRequest) -> HttpResponse:
        """The editor of the place in the address; without one, the page where it is chosen."""
        place = request.GET.get("country", "")
        if not place:
            chosen = urlencode({"from": wanted} if (wanted := request.GET.get("from", "")) else {})
            return redirect_to(request, f"{reverse('consent:policy')}?{chosen}")
        if place != EVERYWHERE and (place not in COUNTRIES or normalise_country(place) != place):
            raise UserError(_("There is no place “%(code)s” with rows of its own.") % {"code": place[:20]})
        return _pages_of(place, self._base(request)).edit(request)

    def _base(self, request: HttpRequest) -> RuleVersion:
        wanted = request.GET.get("from", "")
        rows = self.book.versions()
        for row in rows:
            if str(row.version) == wanted or (not wanted and row.active):
                found: RuleVersion = row
                return found
        raise UserError(_("There is no such version of the table."))


def _pages_of(place: str, base: RuleVersion) -> RulePages:
    whole = partial(replaced, base.rules, place)
    book: RuleBook[PolicyTable, ConsentPolicy] = RuleBook(
        model=ConsentPolicy,
        parse=lambda version, rows: parse(version, whole(rows)),
        validate=validate,
        default=shipped,
    )

    def save(*, rules: Any, note: str, user_id: int | None, now: datetime) -> RuleVersion:
        rows = rows_of(book.check(rules).rules)
        return operations.save_version(rules=rows, note=note, user_id=user_id, now=now)

    return _PlacePages(
        namespace="consent",
        title=_TITLE,
        text="",
        book=book,
        shape=lambda: _shape(place_name(place)),
        save=save,
        activate=operations.activate,
        preview=preview,
        preview_template="consent/_preview.html",
        root="rows",
        spread=lambda rows: {"rows": [_as_form(row) for row in rows]},
        gather=lambda content: content["rows"],
        place=place,
        version_from=base.version,
    )


PAGES = _TablePages(
    namespace="consent",
    title=_TITLE,
    text=gettext_lazy("What each place asks for. Version 1 ships with Huoju; activate it to go back."),
    book=POLICY,
    shape=_version_shape,
    save=operations.save_version,
    activate=operations.activate,
    preview=preview,
    preview_template="consent/_preview.html",
    root="rows",
    spread=_differing,
)
