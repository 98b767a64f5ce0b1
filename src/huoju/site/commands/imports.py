"""`huoju import`: the same imports as in the browser, from the command line."""

import argparse
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from pathlib import Path

from django.db import connection
from django.utils import timezone, translation

from huoju.acquire.imports import operations, queries, running, surveying, undoing
from huoju.acquire.imports.mapping import Mapping, MappingError, mapped_target
from huoju.acquire.imports.models import Import, State
from huoju.acquire.imports.problems import FileProblem
from huoju.acquire.imports.reasons import reason_text
from huoju.acquire.imports.registry import ImportTarget, Outcome, get_target, list_targets
from huoju.core.access.models import User
from huoju.core.errors import UserError
from huoju.core.export import iter_csv
from huoju.site.console import CommandError, say, stop_on_signals

PIECE = 1024 * 1024

type Work = Callable[[Callable[[], bool]], running.RunResult]


def run(options: argparse.Namespace) -> int:
    """Import a file, go on with an import, take one back, or list them."""
    with translation.override("zh-hans" if os.environ.get("LANG", "").startswith("zh") else "en"):
        try:
            return _run(options)
        except (FileProblem, MappingError, UserError) as error:
            raise CommandError(str(error)) from error
        except Import.DoesNotExist as error:
            raise CommandError("there is no such import: see huoju import --list") from error


def _run(options: argparse.Namespace) -> int:
    if options.rejected and not options.rejected.parent.is_dir():
        # Before hours of work, not after.
        raise CommandError(f"{options.rejected}: there is no folder {options.rejected.parent}")
    if options.list:
        for record in queries.list_imports()[:50]:
            say(f"{record.pk:>6}  {record.created_at:%Y-%m-%d %H:%M}  {record.state:<12} {record.file_name}")
        return 0
    if options.rollback:
        return _roll_back(options.rollback)
    if options.resume:
        return _import(queries.get_import(options.resume), options)
    if options.file is None:
        raise CommandError("say which file: huoju import FILE")
    record = _take_in(options)
    if options.check:
        try:
            return _check(record)
        finally:
            operations.delete_import(import_id=record.pk)
    return _import(record, options)


def _take_in(options: argparse.Namespace) -> Import:
    """Keep the file and give it its mapping."""
    text = _text(options.mapping) if options.mapping else None
    code = options.target or (text and mapped_target(text)) or "leads"
    try:
        target = get_target(code)
    except KeyError as error:
        known = ", ".join(target.code for target in list_targets())
        raise CommandError(f"{code} cannot be imported; there are: {known}") from error
    user = User.objects.filter(username=options.user).first() if options.user else None
    if options.user and user is None:
        raise CommandError(f"there is no user {options.user}")
    # Before anything is kept, so that a mistake in the mapping leaves no trace.
    mapping = _parsed(text, target, options.mapping) if text is not None else None
    record = operations.create_import(
        target=target,
        file_name=options.file.name,
        content=_pieces(options.file),
        reading=mapping.file if mapping else None,
        user_id=user.pk if user else None,
        actor=f"user:{user.pk}" if user else "system",
        now=timezone.now(),
    )
    try:
        if mapping is None:
            mapping, suggestions, remembered = operations.suggest_mapping(import_id=record.pk)
            say(
                "import: the mapping of an earlier file with this header"
                if remembered
                else "import: guessed mapping"
            )
            for found in suggestions:
                say(f"    {found.column} → {found.field}")
        operations.set_mapping(import_id=record.pk, mapping=mapping, remember=False, now=timezone.now())
    except (MappingError, UserError):
        operations.delete_import(import_id=record.pk)
        raise
    return queries.get_import(record.pk)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is no text in UTF-8") from error


def _parsed(text: str, target: ImportTarget, path: Path) -> Mapping:
    try:
        return Mapping.parse(text, target)
    except MappingError as error:
        raise CommandError("\n".join(f"{path}: {problem}" for problem in error.problems)) from error


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


def _check(record: Import) -> int:
    operations.start_survey(import_id=record.pk, now=timezone.now())
    _attend(
        record.pk,
        lambda stop: surveying.survey_import(import_id=record.pk, clock=timezone.now, stopping=stop),
    )
    survey = queries.get_import(record.pk).survey or {"counts": {}, "done": False}
    _say_counts(survey["counts"])
    return 0 if survey["done"] else 1


def _import(record: Import, options: argparse.Namespace) -> int:
    for earlier in queries.list_same_file(record):
        say(f"import: note: this file was imported before, as {earlier.pk} on {earlier.created_at:%Y-%m-%d}")
    number = record.pk
    operations.start_import(import_id=number, actor=record.actor, now=timezone.now())
    stopped = _attend(
        number, lambda stop: running.run_import(import_id=number, clock=timezone.now, stopping=stop)
    )
    if stopped and queries.get_import(number).state == State.RUNNING:
        # Else a worker would go on with it.
        operations.cancel_import(import_id=number, now=timezone.now())
    record = queries.get_import(number)
    _say_counts(record.counts)
    if rate := record.rows_per_second:
        say(f"import: {rate:,.0f} rows a second")
    target = queries.target_of(record)
    for reason, count in queries.count_reasons(record, limit=10):
        say(f"    {count:>8,} × {reason_text(reason, target)}")
    if options.rejected:
        with options.rejected.open("wb") as file:
            file.writelines(iter_csv(*queries.open_rejected(record)))
        say(f"import: rejected rows are in {options.rejected}")
    if record.state == State.DONE:
        say(f"import: done; huoju import --rollback {number} takes it back")
        return 0
    say(f"import: {record.state}; go on with huoju import --resume {number}, or --rollback {number}")
    if record.error:
        say(f"    {record.error}")
    return 1


def _roll_back(number: int) -> int:
    actor = queries.get_import(number).actor
    operations.start_rollback(import_id=number, actor=actor, now=timezone.now())
    _attend(
        number, lambda stop: undoing.roll_back_import(import_id=number, clock=timezone.now, stopping=stop)
    )
    record = queries.get_import(number)
    _say_counts(record.undo_counts)
    if record.state != State.ROLLED_BACK:
        say(f"import: not all rows are back; a worker goes on, or huoju import --rollback {number}")
        return 1
    say(f"import: {number} is taken back")
    return 0


def _attend(number: int, work: Work) -> bool:
    """Do the work, or watch a worker do it, and show how far it is; whether the operator stopped it."""
    # Like the worker: batches make many objects that all die together.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    stop = stop_on_signals()
    began = time.monotonic()
    with ThreadPoolExecutor(1, thread_name_prefix="import") as pool:
        future = pool.submit(_in_thread, work, stop)
        while not wait_for([future], timeout=2).done:
            _say_progress(queries.get_import(number), began)
        if future.result() is running.RunResult.BUSY:
            say("import: a worker has it already")
            while queries.get_import(number).under_way and not stop.wait(2):
                _say_progress(queries.get_import(number), began)
    return stop.is_set()


def _in_thread(work: Work, stop: threading.Event) -> running.RunResult:
    try:
        return work(stop.is_set)
    finally:
        connection.close()


def _say_progress(record: Import, began: float) -> None:
    if record.rows_done:
        share = f" ({record.progress:.0%})" if record.progress else ""
        say(f"import: {record.rows_done:,} rows{share} after {time.monotonic() - began:.0f} s")


def _say_counts(counts: dict[str, int]) -> None:
    known = [outcome.value for outcome in Outcome]
    shown = sorted(counts.items(), key=lambda item: known.index(item[0]) if item[0] in known else len(known))
    say("import: " + (", ".join(f"{count:,} {name}" for name, count in shown) or "no rows"))
