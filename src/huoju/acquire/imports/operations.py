"""Writes: upload, map, start, stop, roll back. What takes long is queued as a job (`jobs.py`)."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from huoju.core.errors import UserError

from . import jobs, queries
from .files import MAX_FILE_BYTES, ReadOptions, Table, open_table
from .mapping import Mapping, MappingError, signature
from .models import Import, ImportRow, SavedMapping, State
from .problems import FileProblem
from .registry import ImportTarget
from .suggestions import CERTAIN, Suggestion, rules_of, suggest


def create_import(
    *,
    target: ImportTarget,
    file_name: str,
    content: Iterable[bytes],
    reading: ReadOptions | None = None,
    user_id: int | None = None,
    actor: str,
    now: datetime,
) -> Import:
    """Keep an uploaded file and look into it. Raises `FileProblem`, and keeps nothing, if it cannot be read.

    `content` is taken piece by piece (an upload's `chunks()`, an open file).
    """
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(prefix="huoju-import-") as temporary:
        for piece in content:
            size += len(piece)
            if size > MAX_FILE_BYTES:
                raise FileProblem("too_large", limit=MAX_FILE_BYTES // 1024**2)
            digest.update(piece)
            temporary.write(piece)
        temporary.flush()
        with open_table(Path(temporary.name), reading) as table:
            record = Import(
                target=target.code,
                file_name=_shown_name(file_name),
                file_size=size,
                sha256=digest.hexdigest(),
                actor=actor,
                created_by_id=user_id,
                created_at=now,
            )
            _note_table(record, table)
        temporary.seek(0)
        record.file.save("", File(temporary), save=False)
    record.save()
    return record


def _shown_name(name: str) -> str:
    """The user's name for the file, harmless to show: no path, no invisible characters."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in bare if character.isprintable())[-200:] or "?"


def _note_table(record: Import, table: Table) -> None:
    record.columns = [{"name": column.name, "title": column.title} for column in table.columns]
    record.reading = asdict(table.reading())
    record.row_estimate = table.row_estimate


@transaction.atomic
def set_reading(*, import_id: int, reading: ReadOptions) -> Import:
    """Read the file another way (encoding, delimiter, sheet, header row). Its mapping is dropped: columns may differ.

    Raises `FileProblem`; then nothing changes.
    """
    record = _locked(import_id, State.UPLOADED, State.MAPPED)
    with open_table(record.path, reading) as table:
        _note_table(record, table)
    record.mapping, record.survey, record.state = None, None, State.UPLOADED
    record.save()
    return record


@transaction.atomic
def set_mapping(
    *,
    import_id: int,
    mapping: Mapping | Any,
    remember: bool = True,
    user_id: int | None = None,
    now: datetime,
) -> Import:
    """Give an import its mapping: a `Mapping`, or its JSON.

    Raises `MappingError` with every mistake, also columns that the file does not have, and `UserError` once rows have
    taken effect: then another mapping would make the halves of the file differ.
    """
    record = _locked(import_id, State.UPLOADED, State.MAPPED)
    target = queries.target_of(record)
    parsed = mapping if isinstance(mapping, Mapping) else Mapping.parse(mapping, target)
    if parsed.file != ReadOptions():
        given = {key: value for key, value in asdict(parsed.file).items() if value is not None}
        if any(record.reading.get(key) != value for key, value in given.items()):
            with open_table(record.path, parsed.file) as table:
                _note_table(record, table)
    with queries.open_file(record) as table:
        if problems := parsed.check_columns(table.columns):
            raise MappingError(problems)
        names = table.names
    record.mapping, record.state = parsed.to_json(), State.MAPPED
    record.dates = record.survey = record.error = None
    record.save()
    if remember:
        saved = SavedMapping(
            target=target.code,
            signature=signature(names),
            user_id=user_id,
            mapping=record.mapping,
            used_at=now,
        )
        SavedMapping.objects.bulk_create(
            [saved],
            update_conflicts=True,
            unique_fields=["target", "signature", "user"],
            update_fields=["mapping", "used_at"],
        )
    return record


def suggest_mapping(*, import_id: int, user_id: int | None = None) -> tuple[Mapping, list[Suggestion], bool]:
    """A mapping to begin with, the guesses behind it, and whether it is remembered from a file with this header."""
    record = queries.get_import(import_id)
    target = queries.target_of(record)
    with queries.open_file(record) as table:
        columns, sample = queries.without_titles_behind(table.columns), table.sample()
    if saved := queries.find_saved_mapping(
        target=target, columns=[column.name for column in columns], user_id=user_id
    ):
        try:
            mapping = Mapping.parse(saved, target)
        except MappingError:
            pass  # the target has changed since; guess anew
        else:
            if not mapping.check_columns(columns):
                found = [
                    Suggestion(source, rule.field, CERTAIN, "remembered")
                    for rule in mapping.columns
                    for source in rule.sources
                ]
                return mapping, found, True
    suggestions = suggest(columns, sample, target.fields)
    return Mapping(target.code, rules_of(suggestions)), suggestions, False


@transaction.atomic
def delete_import(*, import_id: int) -> None:
    """Forget an import of which no row is in effect, with its file."""
    record = _locked(import_id, State.UPLOADED, State.MAPPED, State.ROLLED_BACK)
    ImportRow.objects.filter(batch=record).delete()
    storage, name = record.file.storage, str(record.file.name)
    record.delete()
    transaction.on_commit(lambda: storage.delete(name))


@transaction.atomic
def start_import(*, import_id: int, actor: str, now: datetime, queued: bool = True) -> Import:
    """Queue the run of a mapped import, or of one that stopped half way. Raises `UserError` in any other state.

    Not `queued`: the caller runs it itself.
    """
    record = _locked(import_id, State.MAPPED, State.FAILED, State.CANCELLED)
    record.state, record.error, record.finished_at = State.RUNNING, None, None
    record.actor, record.moved_at = actor, now
    record.started_at = record.started_at or now
    record.save()
    if queued:
        jobs.run_import.using(key=f"import-{import_id}").defer(import_id=import_id)
    return record


@transaction.atomic
def resume_import(*, import_id: int) -> Import:
    """Queue an import again that should be running and does not move; harmless if it does, runs exclude each other."""
    record = _locked(import_id, State.RUNNING, State.ROLLING_BACK)
    job = jobs.run_import if record.state == State.RUNNING else jobs.roll_back_import
    job.using(key=f"import-resume-{import_id}").defer(import_id=import_id)
    return record


@transaction.atomic
def cancel_import(*, import_id: int, now: datetime) -> Import:
    """Stop a running import before its next batch. What took effect stays, and can be rolled back or continued."""
    record = _locked(import_id, State.RUNNING)
    record.state, record.finished_at = State.CANCELLED, now
    record.save(update_fields=["state", "finished_at"])
    return record


@transaction.atomic
def start_survey(*, import_id: int, now: datetime, queued: bool = True) -> Import:
    """Queue a count of the whole file's outcomes."""
    record = _locked(import_id, State.MAPPED)
    record.survey = {"counts": {}, "done": False, "at": now.isoformat()}
    record.save(update_fields=["survey"])
    if queued:
        jobs.survey_import.using(key=f"import-survey-{import_id}").defer(import_id=import_id)
    return record


@transaction.atomic
def start_rollback(*, import_id: int, actor: str, now: datetime, queued: bool = True) -> Import:
    """Queue the way back. Raises `UserError` while the import runs, or when it has nothing to undo."""
    record = _locked(import_id, State.DONE, State.FAILED, State.CANCELLED)
    last = ImportRow.objects.filter(batch=record).aggregate(last=Max("row_no"))["last"]
    record.state, record.actor, record.moved_at = State.ROLLING_BACK, actor, now
    record.undone_row = (last or 0) + 1
    record.error, record.undo_counts = None, {}
    record.save()
    if queued:
        jobs.roll_back_import.using(key=f"import-rollback-{import_id}").defer(import_id=import_id)
    return record


def _locked(import_id: int, *states: str) -> Import:
    """The import, locked, if it is in one of `states`. Raises `UserError` if it is not."""
    record = Import.objects.select_for_update().get(pk=import_id)
    if record.state not in states:
        raise UserError(
            _("This is not possible now: the import is “%(state)s”.") % {"state": record.get_state_display()},
            code="import_state",
        )
    return record
