"""The command `huoju`: what there is to say on the command line. What each command does is in `commands/`."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import django

from huoju.core.database import DatabaseUnavailableError, EmbeddedServer, data_dir, is_embedded
from huoju.site.console import CommandError
from huoju.site.environment import mistakes

SAMPLE_LEADS = 6000


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    root = argparse.ArgumentParser(
        prog="huoju", description="Huoju 火炬: from the first lead to collected revenue."
    )
    root.add_argument("--version", action="version", version=f"Huoju {version('huoju')}")
    root.add_argument(
        "--data", metavar="FOLDER", help="where Huoju keeps its data (HUOJU_DATA_DIR, else ./var)"
    )
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, purpose: str, *, module: str = "", needs: str = "database") -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=purpose, description=purpose[0].upper() + purpose[1:] + ".")
        command.set_defaults(module=module or name, needs=needs)
        return command

    up = add("up", "run everything on this machine: database, web, worker", needs="nothing")
    _add_address(up)
    up.add_argument(
        "--web", type=_count, metavar="N", help="web processes (as many as processors, at most 4)"
    )
    up.add_argument("--workers", type=_count, default=1, metavar="N", help="worker processes (1)")
    up.add_argument(
        "--demo", nargs="?", type=_count, const=SAMPLE_LEADS, metavar="N",
        help=f"load the sample company, with N leads ({SAMPLE_LEADS}), if the database is empty",
    )  # fmt: skip

    web = add("web", "serve pages and the API")
    _add_address(web)
    web.add_argument("--web", type=_count, default=1, metavar="N", help="processes (1)")
    web.add_argument("--migrate", action="store_true", help="migrate first")
    web.add_argument("--threads", type=_count, default=4, metavar="N", help="threads of each process (4)")

    worker = add("worker", "read the fact log and run jobs")
    worker.add_argument("--jobs", type=_count, default=2, metavar="N", help="jobs that run at once (2)")

    worker.add_argument("--wait", action="store_true", help="wait until somebody else has migrated")

    add("migrate", "bring the database to this version; safe to repeat")
    sample = add("sample", "load the sample company into an empty database")
    sample.add_argument(
        "--leads", type=_count, default=SAMPLE_LEADS, metavar="N", help=f"how many ({SAMPLE_LEADS})"
    )
    admin = add("admin", "create an administrator, or give one a new password")
    admin.add_argument("username")

    replay = add("replay", "derive what a reader of the fact log made from it again")
    replay.add_argument("reader", nargs="?", help="its name; without one the names are listed")

    lake = add("lake", "look after the lake: what it holds, let it flow, build it anew, merge its files")
    lake.add_argument("action", choices=["status", "flow", "rebuild", "compact"])
    lake.add_argument("names", nargs="*", metavar="NAME", help="rebuild: only these (facts, names of tables)")

    resolve = add(
        "resolve", "find out anew who is one person, as after a change of the limits; merges nothing"
    )
    resolve.add_argument("--propose", action="store_true", help="put what is found into the review queue")

    imports = add("import", "import a CSV, XLSX or Parquet file, or take an import back", module="imports")
    imports.add_argument("file", nargs="?", type=Path)
    imports.add_argument("--target", help="what the rows are (what the mapping says, else leads)")
    imports.add_argument(
        "--mapping", type=Path, metavar="JSON", help="mapping file; without one it is guessed"
    )
    imports.add_argument("--user", metavar="NAME", help="import in the name of this user")
    imports.add_argument("--check", action="store_true", help="only count what would become of the rows")
    imports.add_argument(
        "--rejected", type=Path, metavar="CSV", help="write rejected rows with their reasons here"
    )
    other = imports.add_mutually_exclusive_group()
    other.add_argument("--resume", type=int, metavar="ID", help="go on with an import that was stopped")
    other.add_argument("--rollback", type=int, metavar="ID", help="take an import back")
    other.add_argument("--list", action="store_true", help="list the imports, newest first")

    match = add("match", "look for persons that may be one, and put them into the review", module="matching")
    match.add_argument("--train", action="store_true", help="learn new weights from the persons first")

    add("doctor", "look for problems, say what to do about them")

    backup = add("backup", "write the database to a file", needs="running")
    backup.add_argument("file", type=Path)
    restore = add(
        "restore", "fill an empty database from a file that backup wrote", module="backup", needs="running"
    )
    restore.add_argument("file", type=Path)
    restore.set_defaults(restore=True)

    add("manage", "run a management command of Django").add_argument("arguments", nargs=argparse.REMAINDER)
    return root


def _add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    command.add_argument("--port", type=_port, default=8000, help="port to listen on (8000)")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options = parser().parse_args(arguments)
    if options.data:
        os.environ["HUOJU_DATA_DIR"] = str(Path(options.data).resolve())
    if found := mistakes(os.environ):
        print("\n".join(f"huoju: {text}" for text in found), file=sys.stderr)
        return 1
    try:
        _claim_folder(data_dir())
        return _run(options)
    except (CommandError, DatabaseUnavailableError) as error:
        print(f"huoju: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _claim_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"the data folder {folder} cannot be made ({error.strerror}): use --data"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(f"the data folder {folder} cannot be written to: change its owner, or use --data")


def _run(options: argparse.Namespace) -> int:
    """Run the command, with Django and the embedded database ready if it needs them.

    A command that ends stops the server if it started it; a web process or a worker leaves it to the others.
    """
    started = options.needs != "nothing" and is_embedded() and EmbeddedServer(data_dir()).start()
    try:
        if options.needs == "database":
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huoju.site.settings")
            if options.module == "web":
                # Before the settings are read: the threads of a web process share connections.
                os.environ.setdefault("HUOJU_DATABASE_POOL", str(options.threads))
            django.setup()
        # By name, because models can be imported only now, and `up` should not wait for what it does not
        # need.
        command = importlib.import_module(f"huoju.site.commands.{options.module}")
        return int(command.run(options) or 0)
    finally:
        if started and options.module not in {"web", "worker"}:
            EmbeddedServer(data_dir()).stop()
