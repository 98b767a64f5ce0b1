"""An address answers: it is verified, becomes theirs if it was nobody's, and never merges two by itself."""

from datetime import UTC, datetime

import pytest

from huoju.core.facts.models import Fact
from huoju.hub.identity.models import Alias, Identifier, MergeProposal, Person
from huoju.hub.identity.operations import PersonHint, resolve_batch, verify
from huoju.hub.identity.policy import Identifier as Named
from huoju.hub.identity.policy import IdentifierKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAIL = Named(IdentifierKind.EMAIL, "li@firm.cn")
MOBILE = Named(IdentifierKind.MOBILE, "+8613800138000")
pytestmark = pytest.mark.django_db


def known_by(identifier: Named) -> int:
    hint = PersonHint(identifiers=(identifier,), name="李娜")
    return resolve_batch([hint], actor="t", source="t", now=NOW)[0].person_id


def check(person_id: int, identifier: Named = MAIL) -> bool:
    return verify(person_id=person_id, identifier=identifier, actor="visitor", source="t", now=NOW)


def test_an_address_that_answers_is_verified_once() -> None:
    li = known_by(MAIL)
    assert not Identifier.objects.get().verified
    assert (check(li), check(li)) == (True, False)
    assert Identifier.objects.get().verified
    assert Fact.objects.filter(kind="person.identifier_verified", person_id=li).count() == 1


def test_an_address_of_nobody_becomes_theirs() -> None:
    li = known_by(MOBILE)
    assert check(li)
    assert set(Identifier.objects.values_list("person_id", "kind", "verified")) == {
        (li, "email", True),
        (li, "mobile", False),
    }


def test_an_address_of_somebody_else_is_asked_about_and_merges_nobody() -> None:
    owner, li = known_by(MAIL), known_by(MOBILE)
    assert check(li)
    assert Identifier.objects.get(kind="email", person_id=owner).verified
    assert MergeProposal.objects.get().verified is False
    assert not Alias.objects.exists()
    assert Person.objects.count() == 2


def test_what_is_verified_on_both_sides_is_proven() -> None:
    owner, li = known_by(MAIL), known_by(MOBILE)
    both = PersonHint(
        identifiers=(MOBILE, MAIL), verified=frozenset({IdentifierKind.EMAIL, IdentifierKind.MOBILE})
    )
    resolve_batch([both], actor="t", source="t", now=NOW)
    assert MergeProposal.objects.get().verified
    assert Identifier.objects.filter(person_id__in=(owner, li), verified=True).count() == 2
