"""What a web process does beside its first requests."""

import gc

import pytest

from huoju.site import warming

done: list[str] = []


def note() -> None:
    """A job of `JOBS`."""
    done.append("warm")


def test_what_is_loaded_is_not_looked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "JOBS", (f"{__name__}.note",))
    done.clear()
    before = gc.get_freeze_count()
    try:
        warming.warm_up()
        assert done == ["warm"]
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()
