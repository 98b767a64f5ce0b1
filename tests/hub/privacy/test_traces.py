"""What is looked for in every text: only what means its owner wherever it stands."""

import pytest

from huoju.hub.identity.policy import Identifier, IdentifierKind
from huoju.hub.privacy.traces import traces_of

from ..identity.people import person


def traced(kind: IdentifierKind, value: str) -> tuple[str, ...]:
    """The words that somebody with this identifier is looked for by."""
    return traces_of([person(Identifier(kind, value))]).words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (IdentifierKind.EMAIL, "li.na@firm-a.cn", ("li.na@firm-a.cn",)),
        (IdentifierKind.EXTERNAL, "crm:k-100001", ("k-100001",)),
        (IdentifierKind.EXTERNAL, "crm:100001", ("crm:100001",)),  # else every amount of 100001 would go
        (IdentifierKind.EXTERNAL, "crm:7", ("crm:7",)),
        (
            IdentifierKind.EXTERNAL,
            "crm:8d4397ef1ad44cb9a5b1b4dd9a2c4d7e",
            ("8d4397ef1ad44cb9a5b1b4dd9a2c4d7e",),
        ),
    ],
)
def test_an_id_is_looked_for_alone_where_it_means_nobody_else(
    kind: IdentifierKind, value: str, words: tuple[str, ...]
) -> None:
    assert traced(kind, value) == words


@pytest.mark.django_db
def test_a_number_is_found_however_it_is_written() -> None:
    traces = traces_of([person(Identifier(IdentifierKind.MOBILE, "+8613800138456"))])
    for text in ("13800138456", "+86 138-0013-8456", '{"tel": "(138) 0013 8456"}'):
        assert traces.stand_in(text), text
    for text in ("138001384567", "8456", "100138456"):
        assert not traces.stand_in(text), text
