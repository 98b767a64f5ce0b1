"""Brands in company names: how many of the labelled ones are right, and how fast, beside another program."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from huoju.core.geo import REGIONS
from huoju.hub.companies.policy import brand_of

from .harness import Figure, benchmark
from .peers import python_with

DATA = Path(
    os.environ.get("HUOJU_TEST_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "data")
)
PEER = "companynameparser==0.1.8"
_PEER_SCRIPT = """
import json, sys, time
import companynameparser
names = json.load(sys.stdin)
companynameparser.parse(names[0])
started = time.process_time()
brands = [companynameparser.parse(name).get("brand", "") for name in names]
print(json.dumps([brands, time.process_time() - started]))
"""


def _labelled() -> list[tuple[str, str]]:
    lines = (DATA / "cn_companies" / "groundtruth.txt").read_text(encoding="utf-8").splitlines()
    return [(name, brand) for name, _, brand in (line.strip().partition(" ") for line in lines)]


def _peer(names: list[str]) -> tuple[list[str], float] | None:
    """What the other program answers, and its CPU seconds; None where it cannot be had. It gets its own environment."""
    python = python_with(PEER)
    if python is None:
        return None
    command = [str(python), "-c", _PEER_SCRIPT]
    done = subprocess.run(command, input=json.dumps(names), capture_output=True, text=True, check=True)
    brands, seconds = json.loads(done.stdout.splitlines()[-1])
    return brands, seconds


def _longest_suffix(names: list[str]) -> list[str]:
    """The naive way: a province or city off the front, then the longest legal form off the end."""
    places = sorted({name for each in REGIONS.values() for name in (each.name_zh, each.short_zh)}, key=len)[
        ::-1
    ]
    forms = ("股份有限公司", "有限责任公司", "集团有限公司", "科技有限公司", "有限公司", "公司", "集团")
    answers = []
    for name in names:
        place = next((each for each in places if name.startswith(each)), "")
        form = next((each for each in forms if name.endswith(each)), "")
        answers.append(name.removeprefix(place).removesuffix(form))
    return answers


def _timed(work: Callable[[], list[str]]) -> tuple[list[str], float]:
    started = time.process_time()
    return work(), time.process_time() - started


@benchmark("company_names")
def company_names() -> None:
    """Shares of right brands and names a second; the reference is companynameparser, else the longest suffix."""
    pairs = _labelled()
    names, brands = [name for name, _ in pairs], [brand for _, brand in pairs]
    brand_of("火炬科技有限公司")  # load the tables
    mine, seconds = _timed(lambda: [brand_of(name) for name in names])
    against, note = _peer(names), PEER
    if against is None:
        against, note = _timed(lambda: _longest_suffix(names)), "the longest suffix off"
    theirs, their_seconds = against

    def share(answers: list[str], half: slice) -> float:
        right = [answer == brand for answer, brand in zip(answers[half], brands[half], strict=True)]
        return sum(right) / len(right)

    for name, half in (
        ("", slice(None)),
        (", tuned half", slice(0, None, 2)),
        (", other half", slice(1, None, 2)),
    ):
        Figure(
            f"company_names{name}",
            share(mine, half),
            "right",
            share(theirs, half),
            f"exact brands of {len(names[half])} labelled names, against {note}; rules were tuned on the even lines",
        ).emit()
    rate = len(names) / seconds
    Figure("company_names, speed", rate, "names/s", len(names) / their_seconds, f"CPU, against {note}").emit()
