"""The catalogues: `extract` fills them from the sources, `check` says what lacks, `compile` makes the `.mo`.

One catalogue a wing, `src/huoju/<wing>/locale/zh_Hans/LC_MESSAGES/django.po`, with English message ids. GNU
gettext is not needed: Python sources are read by `ast`, templates by Django's own `templatize`.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src/huoju"
LANGUAGES = {"zh_Hans": "nplurals=1; plural=0;"}

# Which arguments of a function hold the context, the message and its plural.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "msgid": (None, 0, None),  # `huoju.core.text.msgid`: marks without Django
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
_STRING = r"""u?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_CALL = re.compile(rf"\b({'|'.join(FUNCTIONS)})\(\s*({_STRING}(?:\s*,\s*{_STRING})*)\s*(?:,\s*count\s*)?\)")
_PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")


class Message(NamedTuple):
    """What identifies an entry of a catalogue."""

    context: str | None
    text: str
    plural: str | None


def messages_of_python(source: str) -> Iterator[Message]:
    """The literal messages that a module marks."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in FUNCTIONS:
            arguments = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
            yield from _message(name, arguments)


def messages_of_template(source: str) -> Iterator[Message]:
    """The messages that a template marks."""
    for match in _CALL.finditer(templatize(source)):
        yield from _message(match[1], list(ast.literal_eval(f"({match[2]},)")))


def _message(name: str, arguments: Sequence[object]) -> Iterator[Message]:
    def argument(index: int | None) -> str | None:
        value = arguments[index] if index is not None and index < len(arguments) else None
        return value if isinstance(value, str) else None

    context, text, plural = FUNCTIONS[name]
    # A message that is not a literal was marked where the literal stands.
    if message := argument(text):
        yield Message(argument(context), message, argument(plural))


def messages_of_wing(wing: Path) -> dict[Message, list[str]]:
    """Every message of a wing, in order, with the files that it occurs in."""
    found: dict[Message, list[str]] = {}
    for path in sorted([*wing.rglob("*.py"), *wing.rglob("*.html"), *wing.rglob("*.txt")]):
        if {"migrations", "vendor"} & set(path.parts):
            continue
        source = path.read_text(encoding="utf-8")
        for message in messages_of_python(source) if path.suffix == ".py" else messages_of_template(source):
            files = found.setdefault(message, [])
            if (name := str(path.relative_to(ROOT))) not in files:
                files.append(name)
    return found


def wings() -> Iterator[tuple[Path, dict[Message, list[str]]]]:
    """The wings that show any text, with their messages."""
    for wing in sorted(path for path in PACKAGE.iterdir() if (path / "__init__.py").exists()):
        if found := messages_of_wing(wing):
            yield wing, found


def catalogue_path(wing: Path, language: str) -> Path:
    """Where the catalogue of a wing is."""
    return wing / "locale" / language / "LC_MESSAGES" / "django.po"


def _read(path: Path) -> dict[Message, polib.POEntry]:
    entries = polib.pofile(str(path), encoding="utf-8") if path.exists() else []
    return {Message(e.msgctxt, e.msgid, e.msgid_plural or None): e for e in entries if not e.obsolete}


def extract() -> None:
    """Add new messages to the catalogues, untranslated, and drop those that no source has any more."""
    for wing, found in wings():
        for language, plural_forms in LANGUAGES.items():
            path = catalogue_path(wing, language)
            old = _read(path)
            catalogue = polib.POFile(wrapwidth=108)
            catalogue.metadata = {
                "Language": language,
                "MIME-Version": "1.0",
                "Content-Type": "text/plain; charset=UTF-8",
                "Content-Transfer-Encoding": "8bit",
                "Plural-Forms": plural_forms,
            }
            for message, files in found.items():
                entry = old.get(message) or polib.POEntry(
                    msgctxt=message.context, msgid=message.text, msgid_plural=message.plural or ""
                )
                if message.plural and not entry.msgstr_plural:
                    entry.msgstr_plural = {0: ""}
                entry.occurrences = [(name, "") for name in files]
                python_format = re.search(r"%\(\w+\)[a-z]|%[sd]", message.text + (message.plural or ""))
                entry.flags = ["python-format"] if python_format else []
                catalogue.append(entry)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{catalogue}\n", encoding="utf-8")
            missing = len(catalogue.untranslated_entries())
            print(f"{path.relative_to(ROOT)}: {len(catalogue)} messages, {missing} untranslated")


def problems() -> Iterator[str]:
    """Everything that is wrong with the catalogues, a line each."""
    first: dict[tuple[str, Message], tuple[Path, str]] = {}
    for wing, found in wings():
        for language in LANGUAGES:
            path = catalogue_path(wing, language)
            where = path.relative_to(ROOT)
            entries = _read(path)
            for message, files in found.items():
                if message not in entries:
                    yield f"{where}: lacks {message.text!r} of {files[0]} (make messages)"
            for message, entry in entries.items():
                if message not in found:
                    yield f"{where}: {message.text!r} is in no source any more (make messages)"
                elif entry.fuzzy:
                    yield f"{where}: {message.text!r} is fuzzy"
                else:
                    yield from (f"{where}: {problem}" for problem in _problems_of(message, entry))
                    # Django lays the catalogues over each other: of two translations one wins, everywhere.
                    other, said = first.setdefault((language, message), (where, entry.msgstr))
                    if said != entry.msgstr:
                        yield f"{where}: {message.text!r} is {entry.msgstr!r}, but {said!r} in {other}"


def _problems_of(message: Message, entry: polib.POEntry) -> Iterator[str]:
    wanted = set(_PLACEHOLDER.findall(message.text)) | set(_PLACEHOLDER.findall(message.plural or ""))
    for translation in list(entry.msgstr_plural.values()) if message.plural else [entry.msgstr]:
        if not translation.strip():
            yield f"{message.text!r} is not translated"
        elif set(_PLACEHOLDER.findall(translation)) != wanted:
            yield f"{message.text!r} has other placeholders than its translation {translation!r}"


def compile_catalogues() -> None:
    """Make the `.mo` beside each `.po`."""
    for path in PACKAGE.glob("**/*.po"):
        polib.pofile(str(path), encoding="utf-8").save_as_mofile(str(path.with_suffix(".mo")))


def main() -> None:
    """One of the three commands."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["extract", "check", "compile"])
    match parser.parse_args().command:
        case "extract":
            extract()
        case "compile":
            compile_catalogues()
        case _:
            found = list(problems())
            print(*found, sep="\n", end="\n" if found else "")
            sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
