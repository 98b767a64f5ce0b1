"""Fixtures of the measuring wing."""

from collections.abc import Iterator

import pytest

from huoju.measure.warehouse import operations as warehouse


@pytest.fixture(autouse=True)
def _no_mirror_of_another_test() -> Iterator[None]:
    """Rolled-back rows must not live on in the mirror."""
    yield
    warehouse.forget()
