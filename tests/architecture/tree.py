"""The sources as the rules look at them."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from huoju.site.settings import WINGS

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "src" / "huoju"


@dataclass(frozen=True)
class Module:
    """A module of Huoju."""

    path: Path

    @property
    def name(self) -> str:
        """Its path inside the package, as people write it."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def dotted(self) -> str:
        """What it is imported as."""
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> tuple[str, str] | None:
        """Wing and room, or None for what lies outside of every room."""
        return room_of(self.dotted)

    @cached_property
    def source(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.source)

    def imports(self) -> list[tuple[str, int]]:
        """Everything of Huoju that it imports, as full names down to the imported thing, with the line."""
        package = self.dotted.split(".")
        if self.path.name != "__init__.py":
            package = package[:-1]
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(alias.name, node.lineno) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                full = ".".join([*base, *([node.module] if node.module else [])])
                found += [(f"{full}.{alias.name}", node.lineno) for alias in node.names]
        return [(name, line) for name, line in found if name.startswith("huoju.")]


def room_of(dotted: str) -> tuple[str, str] | None:
    """Wing and room of a module's name."""
    parts = dotted.split(".")
    if len(parts) >= 3 and parts[2] in WINGS.get(parts[1], ()):
        return parts[1], parts[2]
    return None


@cache
def modules() -> tuple[Module, ...]:
    """Every module but migrations."""
    return tuple(Module(path) for path in sorted(PACKAGE.rglob("*.py")) if "migrations" not in path.parts)


@cache
def templates() -> tuple[Path, ...]:
    """Every HTML template."""
    return tuple(path for path in sorted(PACKAGE.rglob("*.html")) if "static" not in path.parts)


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())
