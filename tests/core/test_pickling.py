"""Small objects on their way through a pipe."""

import copy
import pickle
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from huoju.core.pickling import packed
from huoju.hub.identity.policy import Identifier, IdentifierKind, Strength
from huoju.qualify.cleaning.policy import Submission
from huoju.qualify.intake.policy import Incoming


@packed
@dataclass(frozen=True, slots=True)
class Pair:
    """Two values."""

    left: int
    right: tuple[str, ...] = ()


def test_packed_objects_come_back_equal() -> None:
    """Whatever the protocol, and through copies."""
    pair = Pair(1, ("a", "b"))
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(pair, protocol)) == pair
    assert copy.copy(pair) == copy.deepcopy(pair) == pair
    assert replace(pickle.loads(pickle.dumps(pair)), left=2) == Pair(2, ("a", "b"))


def test_what_an_import_row_is_made_of_comes_back_equal() -> None:
    """Keyword-only classes and those with defaults too; the hash stays that of the value."""
    identifier = Identifier(IdentifierKind.MOBILE, "+8613912345678", Strength.WEAK)
    incoming = Incoming(
        origin="import:1/1",
        via="import",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        submission=Submission(name="王伟", external_ids=(("crm", "7"),)),
    )
    there, back = (identifier, incoming), pickle.loads(pickle.dumps((identifier, incoming)))
    assert back == there
    assert hash(back[0]) == hash(identifier)
