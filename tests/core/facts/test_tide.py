"""Who stands back while facts flood in."""

from huoju.core.facts.readers import Reader
from huoju.core.facts.tide import FLOOD_FACTS, FLOOD_SECONDS, Tide
from huoju.core.facts.worker import IDLE_SECONDS

EAGER = Reader("eager", (), lambda facts, now: None)
PATIENT = Reader("patient", (), lambda facts, now: None, patience=60)


def holds(tide: Tide, reader: Reader, now: float) -> bool:
    return tide.holds(reader.name, reader.patience, now)


def test_nobody_stands_back_for_a_trickle() -> None:
    tide = Tide()
    tide.note(EAGER, FLOOD_FACTS - 1, 100.0)
    assert not holds(tide, PATIENT, 100.1)
    assert tide.rest(100.1, IDLE_SECONDS) == IDLE_SECONDS


def test_the_patient_stand_back_until_the_flood_is_over() -> None:
    tide = Tide()
    tide.note(EAGER, FLOOD_FACTS, 100.0)
    assert holds(tide, PATIENT, 100.5)
    assert not holds(tide, EAGER, 100.5)
    assert tide.rest(101.5, IDLE_SECONDS) == FLOOD_SECONDS - 1.5
    assert not holds(tide, PATIENT, 100.0 + FLOOD_SECONDS)


def test_patience_ends() -> None:
    tide = Tide()
    for second in range(100, 160):
        tide.note(EAGER, FLOOD_FACTS, float(second))
        assert holds(tide, PATIENT, second + 0.5)
    tide.note(EAGER, FLOOD_FACTS, 160.0)
    assert not holds(tide, PATIENT, 160.5)
    # It has read a batch: its wait begins anew, and what it reads is no flood to itself.
    tide.note(PATIENT, FLOOD_FACTS, 160.6)
    assert holds(tide, PATIENT, 160.7)
    assert not holds(tide, PATIENT, 162.1)
