"""`make check`: every rule that a machine can check, but the tests of behaviour. All run, whatever fails."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SOURCES = [name for name in ("src", "tests", "bench", "scripts") if (ROOT / name).exists()]

CHECKS: dict[str, list[str]] = {
    "style": ["ruff", "check", "--quiet", *SOURCES],
    "format": ["ruff", "format", "--quiet", "--check", *SOURCES],
    "layers": ["lint-imports"],
    "django": ["python", "-m", "django", "check", "--fail-level", "WARNING"],
    "migrations": ["python", "-W", "ignore", "-m", "django", "makemigrations", "--check", "--dry-run"],
    "translations": ["python", "scripts/translations.py", "check"],
    "architecture": [
        *("pytest", "-q", "-n0", "--tb=short", "-o", "verbosity_assertions=2", "tests/architecture"),
        # Has a line of its own above.
        *("--deselect", "tests/architecture/test_translations.py::test_the_catalogues_are_complete"),
    ],
    "types": ["mypy", *SOURCES],
}


def main() -> int:
    """Run the checks; the number of those that failed."""
    # Nothing here touches a database, and settings may keep what they generate in a folder of its own.
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "huoju.site.settings",
        "HUOJU_DATA_DIR": "var/check",
    }
    failed = 0
    for name, (program, *arguments) in CHECKS.items():
        began = time.monotonic()
        result = subprocess.run(
            [BIN / program, *arguments], cwd=ROOT, env=environment, check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        verdict = "FAILED" if result.returncode else "ok"
        print(f"{name:<14}{verdict:<8}{time.monotonic() - began:5.1f} s", flush=True)
        if result.returncode:
            print(result.stdout.rstrip(), flush=True)
            failed += 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
