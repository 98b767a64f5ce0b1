"""Other programs that ours are measured against: each in an environment of its own, made when it is first needed."""

import os
import re
import subprocess
import venv
from pathlib import Path

from .harness import DATA_DIR, say


def python_with(requirement: str) -> Path | None:
    """The interpreter of an environment with `requirement`; None (said on standard error) where it cannot be had."""
    if os.environ.get("BENCH_PEERS") == "no":
        return None
    home = DATA_DIR / "peers" / re.split(r"[<>=]", requirement)[0]
    python = home / "bin" / "python"
    try:
        if not python.exists():
            venv.create(home, with_pip=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "-q", requirement], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"{requirement} cannot be had: {error}")
        return None
    return python
