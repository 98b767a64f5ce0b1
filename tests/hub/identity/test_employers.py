"""Who writes from a domain that a company gets by hand joins it, and leaves it with the domain."""

from dataclasses import fields

import pytest

from huoju.core.facts.models import Fact
from huoju.core.facts.readers import StoredFact
from huoju.hub.companies.models import Company
from huoju.hub.companies.operations import add_domain, remove_domain
from huoju.hub.identity.models import Person
from huoju.hub.identity.policy import Identifier, IdentifierKind
from huoju.hub.identity.readers import handle
from tests.hub.identity.people import NOW, mobile, person

pytestmark = pytest.mark.django_db


def read() -> None:
    """Let the reader see every fact of domains, as if for the first time."""
    names = [each.name for each in fields(StoredFact)]
    told = Fact.objects.filter(kind="company.domains_changed").order_by("id")
    handle([StoredFact(**{name: getattr(fact, name) for name in names}) for fact in told], NOW)


def at(address: str) -> Identifier:
    return Identifier(IdentifierKind.EMAIL, address)


def test_who_writes_from_the_domain_joins_and_leaves_with_it() -> None:
    huoju, other = (
        Company.objects.create(name=name, key=name, created_at=NOW) for name in ("火炬科技", "远东贸易")
    )
    boxes = ("li@huoju.com", "wang@mail.huoju.com", "zhao@nothuoju.com", "sun@huoju.com")
    li, wang, zhao, sun = (person(at(box)) for box in boxes)
    nobody = person(mobile(1))
    Person.objects.filter(pk=sun).update(company=other)

    def company_of(*ids: int) -> list[int | None]:
        found = dict(Person.objects.values_list("pk", "company_id"))
        return [found[each] for each in ids]

    add_domain(company_id=huoju.pk, domain="huoju.com", actor="user:7", now=NOW)
    read()
    read()  # a second time changes nothing
    assert company_of(li, wang, zhao, sun, nobody) == [huoju.pk, huoju.pk, None, other.pk, None]
    joined = Fact.objects.filter(kind="person.company_joined").order_by("person_id")
    assert [(each.person_id, each.payload) for each in joined] == [
        (each, {"company_id": huoju.pk, "domain": "huoju.com"}) for each in (li, wang)
    ]

    Person.objects.filter(pk=wang).update(company=other)  # somebody knew better meanwhile
    known = person(mobile(2))
    Person.objects.filter(pk=known).update(company=huoju)  # not by the domain
    remove_domain(company_id=huoju.pk, domain="huoju.com", actor="user:7", now=NOW)
    read()
    assert company_of(li, wang, known) == [None, other.pk, huoju.pk]
    assert list(Fact.objects.filter(kind="person.company_left").values_list("person_id", flat=True)) == [li]


def test_a_domain_that_was_taken_again_meanwhile_moves_nobody() -> None:
    huoju = Company.objects.create(name="火炬科技", key="火炬", created_at=NOW)
    li = person(at("li@huoju.com"))
    add_domain(company_id=huoju.pk, domain="huoju.com", actor="user:7", now=NOW)
    remove_domain(company_id=huoju.pk, domain="huoju.com", actor="user:7", now=NOW)
    read()
    assert Person.objects.get(pk=li).company_id is None
