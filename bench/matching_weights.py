"""`python -m bench.matching_weights`: learn the weights that ship with Huoju, from generated contacts.

Rows that share a mobile or an address are joined first, as identifiers join them in Huoju: what is left to compare is
what rules cannot tell. The seed is one that no benchmark uses. Labels play no part.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from huoju.hub.matching.engine import Matcher
from huoju.hub.matching.policy import PERSONS, Record, Weights, as_content, features_of, problems

from .matching_chinese import contacts

PEOPLE, SEED = 30_000, 99
TARGET = Path(__file__).resolve().parent.parent / "src/huoju/hub/matching/data/weights.json"


def joined(records: Sequence[Record], whose: Sequence[int]) -> tuple[list[Record], list[int]]:
    """One row for those that share a mobile or an address, each field the first that was given; and the person of each.

    Where two people share an identifier (a namesake's box), the row counts as the first one's.
    """
    home = list(range(len(records)))

    def find(at: int) -> int:
        while home[at] != at:
            home[at] = at = home[home[at]]
        return at

    first: dict[str, int] = {}
    for at, record in enumerate(records):
        for value in (record.mobile, record.email):
            if value:
                one, two = find(first.setdefault(value, at)), find(at)
                home[max(one, two)] = min(one, two)
    kept: dict[int, Record] = {}
    for at, record in enumerate(records):
        root = find(at)
        if root in kept:
            kept[root] = Record(*[old or new for old, new in zip(kept[root], record, strict=True)])  # type: ignore[arg-type]
        else:
            kept[root] = record
    return [record._replace(id=at) for at, record in enumerate(kept.values())], [whose[at] for at in kept]


def main() -> None:
    """Learn and write."""
    records, whose = contacts(PEOPLE, SEED)
    records, whose = joined(records, whose)
    with Matcher(PERSONS) as matcher:
        matcher.load([features_of(record) for record in records])
        matcher.empty_crowds()
        weights = matcher.train(Weights(0.1, {}))
    if found := problems(weights, PERSONS):
        raise SystemExit("; ".join(found))
    content = as_content(weights) | {"trained": [], "rows": 0}  # not learned from anybody's own persons
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
