from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event

import pytest
from django.db import transaction

from huoju.hub.companies.models import Company, CompanyDomain
from huoju.hub.companies.operations import CompanyHint, ResolvedCompany, forget_batch, resolve_batch
from huoju.hub.identity.models import Person
from tests.races import committed_log, count_queries, race, wait_for_a_waiting_session

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def resolve(*rows: CompanyHint, source: str = "test") -> list[ResolvedCompany | None]:
    return resolve_batch(rows, source=source, now=NOW)


def ids(answers: Sequence[ResolvedCompany | None]) -> list[int | None]:
    return [None if each is None else each.company_id for each in answers]


def hint(name: str = "", **fields: str) -> CompanyHint:
    return CompanyHint(name=name, key=name.lower(), **fields)


@pytest.mark.django_db
class TestResolve:
    def test_makes_one_company_for_one_key(self) -> None:
        first, second, other, nothing = resolve(
            hint("Acme"), hint("ACME"), hint("Bolt"), CompanyHint(industry="it")
        )
        assert first
        assert second
        assert other
        assert nothing is None
        assert first.company_id == second.company_id != other.company_id
        assert (first.created, second.created, other.created) == (True, False, True)
        assert set(Company.objects.values_list("name", "key", "source")) == {
            ("Acme", "acme", "test"),
            ("Bolt", "bolt", "test"),
        }

    def test_finds_it_again(self) -> None:
        (made,) = resolve(hint("Acme"))
        (found,) = resolve(hint("Acme"))
        assert made
        assert found
        assert (found.company_id, found.created, found.filled) == (made.company_id, False, {})

    def test_the_registered_code_wins_over_the_name(self) -> None:
        (acme,) = resolve(hint("Acme", uscc="91110000MA00000001"))
        (renamed,) = resolve(hint("Acme Digital", uscc="91110000MA00000001"))
        assert ids([acme]) == ids([renamed])
        assert Company.objects.count() == 1

    def test_a_mail_domain_names_the_company_where_no_name_is_given(self) -> None:
        (acme,) = resolve(hint("Acme", domain="acme.cn"))
        nameless, stranger, unknown = resolve(
            CompanyHint(domain="acme.cn"), hint("Agency", domain="acme.cn"), CompanyHint(domain="bolt.cn")
        )
        assert ids([nameless]) == ids([acme])
        assert ids([stranger]) != ids([acme])
        assert unknown is None
        assert CompanyDomain.objects.get().company_id == ids([acme])[0]

    def test_fills_only_what_is_empty(self) -> None:
        resolve(hint("Acme", industry="it"))
        (again,) = resolve(hint("Acme", industry="retail", region="11", size="100-499"))
        company = Company.objects.get()
        assert (company.industry, company.region, company.size) == ("it", "11", "100-499")
        assert again
        assert again.filled == {"region": "11", "size": "100-499"}

    def test_fills_the_code_once(self) -> None:
        resolve(hint("Acme"), hint("Bolt", uscc="91110000MA00000002"))
        resolve(hint("Acme", uscc="91110000MA00000001"))
        (acme, bolt) = Company.objects.order_by("key")
        assert (acme.uscc, bolt.uscc) == ("91110000MA00000001", "91110000MA00000002")

    def test_two_names_with_one_code_in_a_batch(self) -> None:
        answers = resolve(
            hint("Acme", uscc="91110000MA00000001"), hint("Acme Digital", uscc="91110000MA00000001")
        )
        assert len(set(ids(answers))) == 1

    def test_awkward_names(self) -> None:
        names = ['quo"te', "back\\slash", "tab\there", "comma,{brace}", "NULL", "火炬 🔥", "new\nline"]
        resolve(*[CompanyHint(name=name, key=name, domain=f"d{at}.cn") for at, name in enumerate(names)])
        assert set(Company.objects.values_list("name", flat=True)) == set(names)
        again = resolve(*[CompanyHint(name=name, key=name) for name in names])
        assert [each and each.created for each in again] == [False] * len(names)

    def test_the_number_of_statements_does_not_depend_on_the_rows(self) -> None:
        def batch(size: int) -> int:
            rows = [hint(f"{size}/{at}", domain=f"{size}-{at}.cn") for at in range(size)]
            return count_queries(lambda: resolve(*rows))

        assert batch(2) == batch(200)


@pytest.mark.django_db
class TestForget:
    def test_equal_to_before(self) -> None:
        resolve(hint("Acme", domain="acme.cn"))
        before = list(Company.objects.values()), list(CompanyDomain.objects.values())
        made = resolve(
            hint("Acme", region="11", domain="acme.com"),
            hint("Bolt", domain="bolt.cn"),
            hint("Bolt", region="31", domain="bolt.com"),
            source="again",
        )
        forget_batch([each for each in made if each], source="again")
        assert (list(Company.objects.values()), list(CompanyDomain.objects.values())) == before

    def test_keeps_what_was_corrected_since(self) -> None:
        resolve(hint("Acme"))
        made = resolve(hint("Acme", region="11"))
        Company.objects.update(region="31")
        forget_batch([each for each in made if each], source="again")
        assert Company.objects.get().region == "31"


@pytest.mark.django_db(transaction=True)
def test_two_transactions_name_the_same_companies_in_opposite_order() -> None:
    names = [f"Company {at}" for at in range(100)]

    def take(order: list[str]) -> list[int | None]:
        with transaction.atomic():
            return ids(resolve(*[hint(name, domain=f"{name}.cn".replace(" ", "")) for name in order]))

    with committed_log(NOW):
        forward, backward = race(lambda: take(names), lambda: take(names[::-1]))
    assert forward == backward[::-1]
    assert Company.objects.count() == 100


@pytest.mark.django_db(transaction=True)
def test_a_company_that_another_transaction_has_just_named_is_not_removed() -> None:
    (made,) = resolve(hint("Acme"), source="import:1")
    assert made
    named = Event()

    def name() -> None:
        with transaction.atomic():
            (found,) = resolve(hint("Acme"), source="import:2")
            assert found
            named.set()
            wait_for_a_waiting_session()
            Person.objects.create(company_id=found.company_id, created_at=NOW)

    def forget() -> None:
        named.wait(30)
        with transaction.atomic():
            forget_batch([made], source="import:1")

    race(name, forget)
    assert Person.objects.get().company == Company.objects.get()


@pytest.mark.django_db(transaction=True)
def test_a_company_that_vanishes_while_it_is_named_is_made_anew() -> None:
    (made,) = resolve(hint("Acme", domain="acme.cn"), source="import:1")
    assert made
    locked = Event()

    def forget() -> None:
        with transaction.atomic():
            forget_batch([made], source="import:1")
            locked.set()
            wait_for_a_waiting_session()

    def name() -> list[ResolvedCompany | None]:
        locked.wait(30)
        with transaction.atomic():
            return resolve(hint("Acme", domain="acme.cn"), source="import:2")

    _, (again,) = race(forget, name)
    assert (again.company_id, again.created) == (Company.objects.get().pk, True)
    assert again.company_id != made.company_id
