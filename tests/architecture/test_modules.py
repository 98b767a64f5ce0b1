"""Rules for modules: who may import what, how long, how named."""

import ast
import tomllib
from collections.abc import Iterator

import pytest

from huoju.site.settings import WINGS
from tests.architecture.tree import PACKAGE, ROOT, Module, modules, room_of

PUBLIC = {"operations", "queries", "facts", "policy", "registry"}
"""What other rooms may import of a room."""

# Rooms of core that are made to be imported: the patterns of the screens, the log, permissions.
OPEN_ROOMS = {("core", "ui"), ("core", "facts"), ("core", "access"), ("core", "lake"), ("core", "search")}

BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "managers", "misc", "tools"}

MAXIMUM_LINES = 500


def test_rooms_import_only_the_public_modules_of_other_rooms() -> None:
    assert list(_private_imports()) == []


def _private_imports() -> Iterator[str]:
    for module in modules():
        if module.room is None:  # site composes the rooms and may import any part of them
            continue
        for name, line in module.imports():
            room = room_of(name)
            if room in (None, module.room) or room in OPEN_ROOMS:
                continue
            part = name.split(".")[3] if name.count(".") >= 3 else ""
            if part not in PUBLIC:
                yield f"{module.name}:{line} imports {name}"


def test_models_of_other_rooms_are_never_imported_by_open_rooms_users() -> None:
    """The rooms of core are open, but their tables are theirs: users are passed in, facts are appended."""
    allowed = {"huoju.core.access.models.User", "huoju.core.access.models.ApiKey"}  # who acts
    found = [
        f"{module.name}:{line} imports {name}"
        for module in modules()
        if module.room and module.room[0] != "core"
        for name, line in module.imports()
        if name.startswith("huoju.core.") and ".models" in name and name not in allowed
    ]
    assert found == []


def test_plain_modules_of_core_import_no_room() -> None:
    found = [
        f"{module.name}:{line} imports {name}"
        for module in modules()
        if module.path.parent == PACKAGE / "core"
        for name, line in module.imports()
        if room_of(name)
    ]
    assert found == []


def test_imports_stand_at_the_top() -> None:
    """Only `AppConfig.ready` may import later: models do not exist before it."""
    found = [
        f"{module.name}:{inner.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not (module.path.name == "apps.py" and node.name == "ready")
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert found == []


def test_models_are_not_looked_up_by_name() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "get_model"
    ]
    assert found == []


def test_no_signals_for_our_own_logic() -> None:
    found = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"django.db.models.signals", "django.dispatch"}
    ]
    assert found == []


def test_no_module_is_too_long() -> None:
    lengths = {module.name: module.source.count("\n") for module in modules()}
    lengths |= {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for folder in ("tests", "bench", "scripts")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > MAXIMUM_LINES} == {}


def test_no_module_is_named_after_nothing() -> None:
    assert [module.name for module in modules() if module.path.stem in BANNED_NAMES] == []
    assert [module.name for module in modules() if module.path.parent.name in BANNED_NAMES] == []


def test_policies_ask_no_clock() -> None:
    """`now` is an argument. (That they import no Django and no database is a contract in pyproject.toml.)"""
    clocks = {"now", "today", "utcnow", "time", "monotonic", "localtime"}
    found = [
        f"{module.name}:{node.lineno}"
        for module in _policies()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in clocks
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"datetime", "date", "time", "timezone", "dt"}
    ]
    assert found == []


def _policies() -> list[Module]:
    return [
        module
        for module in modules()
        if module.room and "policy" in module.path.relative_to(PACKAGE).as_posix()
    ]


def test_operations_take_keywords_only() -> None:
    """A batch may come first without its name; who and when are never guessed from a position."""
    found = [
        f"{module.name}:{node.lineno} {node.name}"
        for module, node in _operations()
        if {"actor", "now"} & {each.arg for each in [*node.args.args, *node.args.kwonlyargs]}
        if len(node.args.args) > 1 or {"actor", "now"} & {each.arg for each in node.args.args}
    ]
    assert found == []


def _operations() -> Iterator[tuple[Module, ast.FunctionDef]]:
    """The public functions of `operations.py`, or those that the package `operations` offers."""
    offered = {
        name.rpartition(".")[2]
        for module in modules()
        if module.name.endswith("/operations/__init__.py")
        for name, _ in module.imports()
    }
    for module in modules():
        alone, part = module.path.name == "operations.py", module.path.parent.name == "operations"
        functions = [node for node in module.tree.body if isinstance(node, ast.FunctionDef)]
        public = [node for node in functions if not node.name.startswith("_")]
        if module.room:
            yield from ((module, node) for node in public if alone or (part and node.name in offered))


def test_every_room_has_a_readme() -> None:
    assert [
        f"{wing}/{room}" for wing, room in _rooms() if not (PACKAGE / wing / room / "README.md").exists()
    ] == []


def test_no_room_is_empty_and_none_is_forgotten() -> None:
    written = {(path.parent.parent.name, path.parent.name) for path in PACKAGE.glob("*/*/__init__.py")}
    rooms = {(wing, room) for wing, room in written if wing in WINGS}
    assert rooms == set(_rooms())
    empty = [
        f"{wing}/{room}"
        for wing, room in _rooms()
        if not any(module.source.strip() for module in modules() if module.room == (wing, room))
    ]
    assert empty == []


def _rooms() -> list[tuple[str, str]]:
    return [(wing, room) for wing, rooms in WINGS.items() for room in rooms]


@pytest.mark.parametrize("wing", sorted(WINGS))
def test_the_import_contracts_name_the_rooms_in_the_order_of_the_settings(wing: str) -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    (layers,) = [each["layers"] for each in contracts if each.get("containers") == [f"huoju.{wing}"]]
    assert layers == WINGS[wing]
