"""Small objects on their way through a pipe."""

import copy
import pickle
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from huoju.core.pickling import Same, from_columns, made, packed, to_columns
from huoju.hub.identity.policy import Identifier, IdentifierKind, Strength
from huoju.qualify.cleaning.policy import Code, Step, StepResult, Submission, Verdict
from huoju.qualify.intake.policy import Incoming, Prepared, packed_batch, unpacked_batch


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


def test_columns_become_the_rows_that_they_were() -> None:
    """Also none."""
    pairs = [Pair(1, ("a",)), Pair(2)]
    assert from_columns(Pair, to_columns(pairs)) == pairs
    assert to_columns([]) == []
    assert from_columns(Pair, []) == []


def test_a_column_of_one_object_is_sent_as_that_object() -> None:
    """One, not equal ones: 1 and True are equal, too."""
    assert to_columns([Pair(1), Pair(2)]) == [(1, 2), Same((), 2)]
    assert from_columns(Pair, [(1, 2), Same((), 2)]) == [Pair(1), Pair(2)]
    assert from_columns(Pair, [Same(1, 3), Same((), 3)]) == [Pair(1)] * 3
    assert to_columns([Pair(1), Pair(True)])[0] == (1, True)


def test_many_are_made_from_columns() -> None:
    """What is left out has its default; what has none, or is no field, is an error."""
    assert made(Pair, 2, left=[1, 2]) == [Pair(1), Pair(2)]
    assert made(Pair, 0, left=[]) == []
    with pytest.raises(KeyError, match="left"):
        made(Pair, 1)
    with pytest.raises(TypeError, match="Pair has no up"):
        made(Pair, 1, left=[1], up=[2])


def test_a_prepared_batch_comes_back_equal() -> None:
    """Rows with several identifiers and with none, with remarks, with what was held back."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    incoming = [
        Incoming(origin=f"import:1/{number}", via="import", at=at, submission=Submission(name=name))
        for number, name in enumerate("王李张")
    ]
    mobile = Identifier(IdentifierKind.MOBILE, "+8613912345678")
    mail = Identifier(IdentifierKind.EMAIL, "a@b.cn", Strength.WEAK)
    remark = StepResult(next(iter(Step)), Verdict.QUARANTINE, next(iter(Code)), "name", "x")
    batch = [
        Prepared(
            incoming[0], Verdict.PASS, (), 1, name="王", identifiers=(mobile, mail), extra={"phone": "1"}
        ),
        Prepared(incoming[1], Verdict.QUARANTINE, (remark,), 1),
        Prepared(incoming[2], Verdict.PASS, (), 1, identifiers=(mail,)),
    ]
    assert unpacked_batch(pickle.loads(pickle.dumps(packed_batch(batch)))) == batch
    assert unpacked_batch(pickle.loads(pickle.dumps(packed_batch([])))) == []
