"""Rules for what is under version control."""

import re

from tests.architecture.tree import ROOT, tracked_files

# Put together here so that this file does not contain them.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "npm" + "mirror.com"]
FOLDERS = ["ro" + "ot", "wo" + "rk", "ho" + "me/[a-z]", "tmp/w" + "t"]
_FORBIDDEN = re.compile(
    "|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.~}}\])-])/{folder}/" for folder in FOLDERS)])
)


def test_no_file_names_a_package_index_or_a_folder_of_somebodys_machine() -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture, a spreadsheet
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in _FORBIDDEN.finditer(text)]
    assert found == []


def test_the_locked_requirements_have_hashes() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "scripts/uv.txt"):
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        pins = [line for line in lines if re.match(r"\w", line)]
        assert pins
        assert [line for line in pins if not re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+.*\\$", line)] == []
        assert sum("--hash=sha256:" in line for line in lines) >= len(pins)


def test_no_file_is_large() -> None:
    assert [str(path.relative_to(ROOT)) for path in tracked_files() if path.stat().st_size > 2_000_000] == []
