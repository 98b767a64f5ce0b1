"""Rules as versioned rows: saved only when they are sound, one version active at a time, never changed afterwards.

A room that keeps rules has a model derived from `RuleVersion` and a `RuleBook` that knows how to read, judge and
default their content. What the rules mean is the room's `policy`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from huoju.core.problems import Problem


class RuleVersion(models.Model):
    """One version of a room's rules; the active one decides. Its content never changes: a change is a new version."""

    version = models.PositiveIntegerField(_("version"), unique=True)
    rules = models.JSONField(_("rules"))
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    active = models.BooleanField(_("active"), default=False)
    created_at = models.DateTimeField(_("created"))
    created_by = models.ForeignKey("access.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        abstract = True
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["active"], condition=models.Q(active=True), name="%(app_label)s_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


def translated(problem: str) -> str:
    """A problem in the language of the request."""
    if not isinstance(problem, Problem):
        return problem
    known = {
        name: translated(value) if isinstance(value, str) else value for name, value in problem.params.items()
    }
    text = gettext(problem.template)
    return text % known if known else text


class InvalidRulesError(ValueError):
    """The rules cannot be saved; `errors` says why, one sentence each."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class RuleBook[R, M: RuleVersion]:
    """All versions of one room's rules.

    `parse(version, content)` reads a row (raises ValueError when it is malformed), `validate(rules)` judges its sense,
    `default()` is the content of version 1, which decides until somebody saves another.
    """

    model: type[M]
    parse: Callable[[int, Any], R]
    validate: Callable[[R], list[str]]
    default: Callable[[], Any]
    _parsed: dict[int, tuple[Any, R]] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def active(self) -> R:
        """The rules that decide now. One query; parsed once a version, so policies may cache by identity."""
        row = self.model._default_manager.filter(active=True).values_list("version", "rules").first()
        return self._read(*(row or (1, self.default())))

    def get(self, version: int) -> R:
        """The rules of a version. Raises `LookupError`."""
        row = self.model._default_manager.filter(version=version).values_list("version", "rules").first()
        if row is None:
            if version == 1:
                return self._read(1, self.default())
            raise LookupError(f"{self.model.__name__} v{version}")
        return self._read(*row)

    def versions(self) -> list[M]:
        """Every saved version, newest first; before anything was saved, the one that ships with Huoju (unsaved)."""
        rows = list(self.model._default_manager.select_related("created_by").order_by("-version"))
        return rows or [self._shipped(None)]

    def check(self, content: Any, version: int = 0) -> R:
        """The rules in `content`. Raises `InvalidRulesError` if they are malformed or make no sense."""
        try:
            rules = self.parse(version, content)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            reason = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
            raise InvalidRulesError([reason]) from error
        if errors := self.validate(rules):
            raise InvalidRulesError(errors)
        return rules

    def save(self, *, content: Any, note: str, user_id: int | None, now: datetime) -> M:
        """Keep `content` as the next version; it does not decide yet. Raises `InvalidRulesError`."""
        self.check(content)
        with transaction.atomic():
            self._lock_table()
            last = self.model._default_manager.order_by("-version").first()
            if last is None:
                last = self._shipped(now)
                last.save()
            row = self.model(
                version=last.version + 1,
                rules=content,
                note=note[:200],
                created_at=now,
                created_by_id=user_id,
            )
            row.save()
            return row

    def activate(self, *, version: int, now: datetime) -> bool:
        """Let `version` decide from now on; False if it does already. Raises `LookupError`, `InvalidRulesError`.

        Checked again: what was sound when it was saved may name a field that a later release has dropped.
        """
        with transaction.atomic():
            self._lock_table()
            if not self.model._default_manager.exists():
                self._shipped(now).save()
            row = self.model._default_manager.filter(version=version).first()
            if row is None:
                raise LookupError(f"{self.model.__name__} v{version}")
            if row.active:
                return False
            self.check(row.rules, version)
            self.model._default_manager.filter(active=True).update(active=False)
            row.active = True
            row.save(update_fields=["active"])
            return True

    def _shipped(self, now: datetime | None) -> M:
        return self.model(version=1, rules=self.default(), active=True, created_at=now)

    def _lock_table(self) -> None:
        """Two people who save at once get two versions, one after the other. Reading goes on meanwhile."""
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(self.model._meta.db_table)
            cursor.execute(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")

    def _read(self, version: int, content: Any) -> R:
        with self._lock:
            known = self._parsed.get(version)
            if known is None or known[0] != content:
                known = self._parsed[version] = (content, self.parse(version, content))
            return known[1]
