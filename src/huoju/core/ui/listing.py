"""The List pattern: filters in the address, keyset pages, chosen columns, saved views, bulk actions, export.

A room writes a table (django-tables2), a filter set (django-filter) and a subclass of `ListPage`; README.md shows one.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View as DjangoView

from .filters import Chip, chips, clean_query
from .keyset import Slice, Sort, fetch
from .liststore import View, list_store
from .navigation import Viewer
from .respond import is_fragment, redirect_to, respond, toast, trigger

type Label = str | Promise

# Parts of the address that steer the list itself and are no filters.
_STEERING = ("after", "before", "export")


@dataclass(frozen=True, kw_only=True)
class BulkAction:
    """Something done to all ticked rows: a POST of `ids` (or `matching` and `query`) to `url`.

    The answer should be `list_changed(toast(HttpResponse(status=204), …))`. `action`: who may (None: everybody).
    With `options` the user chooses one beforehand, posted as `name`; without a choice nothing is posted under it.
    """

    label: Label
    url: str
    icon: str = ""
    confirm: Label = ""
    danger: bool = False
    action: str | None = None
    name: str = ""
    options: Sequence[tuple[str, Label]] = ()


@dataclass(frozen=True, kw_only=True)
class Empty:
    """What the list says while there is nothing at all: what belongs here and how the first one gets in."""

    title: Label
    text: Label = ""
    icon: str = "list"
    action_label: Label = ""
    action_url: str = ""


@dataclass(frozen=True)
class Header:
    """A column's head: `direction` is ascending, descending or empty; `url` sorts by it, or turns the order."""

    name: str
    label: Label
    url: str
    direction: str
    classes: str


@dataclass
class ListState:
    """What the templates draw."""

    table: Any
    headers: list[Header]
    count: int
    capped: bool
    previous_url: str | None
    next_url: str | None
    chips: list[Chip]
    address: str
    query: str
    sort: str
    view: str
    views: Sequence[View]
    columns: list[tuple[str, Label, bool]]
    filtered: bool
    bulk_actions: list[BulkAction] = field(default_factory=list)


def list_changed(response: HttpResponse) -> HttpResponse:
    """Tell the list on the page to draw itself again."""
    return trigger(response, list_changed={})


class ListPage[M: Model](DjangoView):
    """One list. Subclasses set the class attributes and write `rows`."""

    http_method_names = ["get", "post", "head", "options"]

    code: ClassVar[str]
    title: ClassVar[Label]
    subtitle: ClassVar[Label] = ""
    table_class: ClassVar[Any]
    filter_class: ClassVar[Any] = None
    sorts: ClassVar[Mapping[str, Sort]]
    default_sort: ClassVar[str]
    default_columns: ClassVar[Sequence[str] | None] = None
    page_size: ClassVar[int] = 50
    inline_filters: ClassVar[Sequence[str]] = ()
    bulk_actions: ClassVar[Sequence[BulkAction]] = ()
    exports: ClassVar[Sequence[str]] = ()
    export_action: ClassVar[str] = "export"
    empty: ClassVar[Empty] = Empty(title="")
    template: ClassVar[str] = "ui/list.html"

    # --- what a room writes -------------------------------------------------------------------------------------

    @abstractmethod
    def rows(self) -> QuerySet[M]:
        """All rows that this user may see, unsorted, with whatever the columns need (select_related, annotations)."""

    def row_url(self, row: M) -> str | None:  # noqa: ARG002
        """Where a click on a row leads."""
        return None

    def extra(self) -> dict[str, Any]:
        """More for the template: `crumbs`, what the `actions` block needs."""
        return {}

    def available_bulk_actions(self) -> Sequence[BulkAction]:
        """The bulk actions; override it when an address has to be reversed at request time."""
        return self.bulk_actions

    def export(self, kind: str, rows: QuerySet[M], columns: Sequence[str]) -> HttpResponseBase:  # noqa: ARG002
        """All matching rows as a file of `kind`."""
        raise Http404

    # --- the pattern --------------------------------------------------------------------------------------------

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """The page, its table alone (htmx), or the file."""
        if kind := request.GET.get("export"):
            return self._export(kind)
        views = list_store().load(self._user_id, self.code)
        state = self._state(views)
        response = respond(
            request,
            self.template,
            {
                "title": self.title,
                "subtitle": self.subtitle,
                "list": state,
                "filter_form": self._filter_form,
                "inline_filters": self._inline_fields(),
                "panel_filters": self._panel_fields(),
                "search_field": self._search_field(),
                "empty": self.empty,
                "exports": self.exports if self._may_export else (),
                **self.extra(),
            },
            fragment="ui/_list.html",
        )
        if is_fragment(request):
            response["HX-Push-Url"] = state.address
        return response

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Keep the columns, keep a view, forget a view."""
        columns = [name for name in request.POST.getlist("columns") if name in self._all_columns]
        name = request.POST.get("name", "").strip()
        query = clean_query(QueryDict(request.POST.get("query", "").lstrip("?")), drop=(*_STEERING, "view"))
        match request.POST.get("list_action"):
            case "columns":
                list_store().save(self._user_id, self.code, name, query if name else "", columns)
            case "save_view" if name:
                try:
                    list_store().save(self._user_id, self.code, name, query, self._shown(name))
                except ValidationError as error:
                    return toast(HttpResponse(status=204), " ".join(error.messages), "danger")
            case "delete_view" if name:
                list_store().delete(self._user_id, self.code, name)
                return redirect_to(request, request.path)
            case _:
                return HttpResponse(status=400)
        address = QueryDict(query, mutable=True)
        if name:
            address["view"] = name
        return redirect_to(request, f"{request.path}?{address.urlencode()}" if address else request.path)

    @classmethod
    def selection(cls, request: HttpRequest) -> QuerySet[M]:
        """The rows that a bulk POST is about: the ticked ones, or all that match the filters it carries."""
        page = cls()
        page.setup(request)
        rows = page.rows()
        if request.POST.get("matching") == "1":
            return page._filtered(rows, QueryDict(request.POST.get("query", "")))
        ids = [int(value) for value in request.POST.getlist("ids") if value.isascii() and value.isdigit()]
        return rows.filter(pk__in=ids)

    # --- inside -------------------------------------------------------------------------------------------------

    _filter_form: Any = None

    @property
    def _user_id(self) -> int:
        pk = self.request.user.pk
        if pk is None:
            raise PermissionDenied
        return int(pk)

    @property
    def _viewer(self) -> Viewer:
        return cast(Viewer, self.request.user)

    @property
    def _may_export(self) -> bool:
        return bool(self.exports) and self._viewer.may(self.export_action)

    @property
    def _all_columns(self) -> dict[str, Any]:
        return dict(self.table_class.base_columns)

    def _filtered(self, rows: QuerySet[M], query: QueryDict) -> QuerySet[M]:
        if self.filter_class is None:
            return rows
        filters = self.filter_class(query, queryset=rows, request=self.request)
        self._filter_form = filters.form
        return cast("QuerySet[M]", filters.qs)

    def _shown(self, view_name: str, views: Sequence[View] | None = None) -> list[str]:
        """The columns of a view, else as last arranged, else the default ones."""
        views = list_store().load(self._user_id, self.code) if views is None else views
        kept = {view.name: view.columns for view in views}
        default = list(self.default_columns if self.default_columns is not None else self._all_columns)
        wanted = kept.get(view_name) or kept.get("") or default
        known = [name for name in wanted if name in self._all_columns]
        # The first column carries the link to the record: it always stays.
        first = next(iter(self._all_columns))
        return known if first in known else [first, *known]

    def _state(self, views: Sequence[View]) -> ListState:
        query = self.request.GET
        rows = self._filtered(self.rows(), query)
        sort_key = query.get("sort", "")
        if sort_key.lstrip("-") not in self.sorts:
            sort_key = self.default_sort
        descending = sort_key.startswith("-")
        page = fetch(
            rows,
            self.sorts[sort_key.lstrip("-")],
            descending=descending,
            size=self.page_size,
            after=query.get("after"),
            before=query.get("before"),
        )
        view = query.get("view", "")
        shown = self._shown(view, views)
        found_chips = chips(self._filter_form) if self._filter_form is not None else []
        return ListState(
            table=self._table(page.rows, shown),
            headers=self._headers(shown, sort_key),
            count=page.count,
            capped=page.capped,
            previous_url=self._address(before=page.before) if page.before else None,
            next_url=self._address(after=page.after) if page.after else None,
            chips=found_chips,
            address=self._address(),
            query=clean_query(query, drop=_STEERING),
            sort=sort_key if sort_key != self.default_sort else "",
            view=view,
            views=[item for item in views if item.name],
            columns=[
                (name, column.verbose_name or name, name in shown)
                for name, column in self._all_columns.items()
            ],
            filtered=bool(found_chips),
            bulk_actions=[
                item
                for item in self.available_bulk_actions()
                if item.action is None or self._viewer.may(item.action)
            ],
        )

    def _table(self, rows: list[M], shown: Sequence[str]) -> Any:
        hidden = [name for name in self._all_columns if name not in shown]
        table = self.table_class(
            rows, exclude=hidden, sequence=[*shown, "..."], orderable=False, request=self.request
        )
        table.row_attrs = {"data-href": self.row_url}
        table.rows_with_urls = [(row, self.row_url(row.record)) for row in table.rows]
        return table

    def _headers(self, shown: Sequence[str], sort_key: str) -> list[Header]:
        found = []
        for name in shown:
            column = self._all_columns[name]
            direction = ""
            if sort_key.lstrip("-") == name:
                direction = "descending" if sort_key.startswith("-") else "ascending"
            url = ""
            if name in self.sorts:
                url = self._address(sort=name if direction == "descending" else f"-{name}")
            classes = column.attrs.get("th", {}).get("class", "")
            found.append(Header(name, column.verbose_name or name, url, direction, classes))
        return found

    def _inline_fields(self) -> list[Any]:
        if self._filter_form is None:
            return []
        return [self._filter_form[name] for name in self.inline_filters]

    def _panel_fields(self) -> list[Any]:
        if self._filter_form is None:
            return []
        return [
            bound
            for bound in self._filter_form
            if bound.name != "q" and bound.name not in self.inline_filters
        ]

    def _search_field(self) -> Any:
        form = self._filter_form
        return form["q"] if form is not None and "q" in form.fields else None

    def _address(self, **changes: str | None) -> str:
        """This list's address with `changes`; a changed sort starts at the first page again."""
        query = QueryDict(clean_query(self.request.GET, drop=_STEERING), mutable=True)
        for name in ("after", "before"):
            if not changes and (value := self.request.GET.get(name)):
                query[name] = value
        for name, value in changes.items():
            if value:
                query[name] = value
        if query.get("sort") == self.default_sort:
            del query["sort"]
        return f"{self.request.path}?{query.urlencode()}" if query else self.request.path

    def _export(self, kind: str) -> HttpResponseBase:
        if kind not in self.exports:
            raise Http404(_("There is no such export."))
        if not self._may_export:
            raise PermissionDenied
        rows = self._filtered(self.rows(), self.request.GET)
        view = self.request.GET.get("view", "")
        return self.export(kind, rows.order_by("pk"), self._shown(view))


__all__ = ["BulkAction", "Empty", "ListPage", "Slice", "Sort", "list_changed"]
