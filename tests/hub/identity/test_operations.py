from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Model

from huoju.core.facts.models import Fact
from huoju.hub.companies.models import Company
from huoju.hub.identity import queries
from huoju.hub.identity.models import Identifier as Row
from huoju.hub.identity.models import MergeProposal, Person
from huoju.hub.identity.operations import PersonHint, Resolved, forget_batch, resolve_batch
from huoju.hub.identity.policy import Evidence, Identifier, IdentifierKind, Strength
from tests.races import committed_log, count_queries, race

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def mobile(number: int) -> Identifier:
    return Identifier(IdentifierKind.MOBILE, f"+8613800{number:06}")


def email(name: str, strength: Strength = Strength.STRONG) -> Identifier:
    return Identifier(IdentifierKind.EMAIL, f"{name}@acme.cn", strength)


def hint(*identifiers: Identifier, **fields: Any) -> PersonHint:
    return PersonHint(identifiers=identifiers, **fields)


def resolve(*rows: PersonHint, now: datetime = NOW) -> list[Resolved]:
    return resolve_batch(rows, actor="test", source="test", now=now)


def everything() -> list[list[dict[str, Any]]]:
    models: tuple[type[Model], ...] = (Person, Row, MergeProposal)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def persons_of(answers: list[Resolved]) -> list[int]:
    return [answer.person_id for answer in answers]


@pytest.mark.django_db
class TestResolve:
    def test_makes_a_person_with_its_identifiers(self) -> None:
        (answer,) = resolve(
            hint(mobile(1), email("li"), name="李娜", title="CTO", mobile="+8613800000001", region="11")
        )
        assert answer.created
        person = Person.objects.get(pk=answer.person_id)
        assert (person.name, person.title, person.mobile, person.email, person.region, person.source) == (
            *("李娜", "CTO", "+8613800000001", "", "11", "test"),
        )
        assert {
            (row.kind, row.value, row.verified, row.source) for row in queries.list_identifiers(person.pk)
        } == {
            ("mobile", "+8613800000001", False, "test"),
            ("email", "li@acme.cn", False, "test"),
        }

    def test_a_known_person_gets_what_is_new_and_keeps_what_is_filled(self) -> None:
        company = Company.objects.create(name="Acme", key="acme", created_at=NOW)
        (made,) = resolve(hint(mobile(1), name="李娜"))
        (again,) = resolve(hint(mobile(1), email("li"), name="Li Na", title="CTO", company_id=company.pk))
        assert again == Resolved(
            made.person_id,
            added=(("email", "li@acme.cn"),),
            filled={"title": "CTO", "company_id": company.pk},
            company_id=company.pk,
        )
        person = Person.objects.get()
        assert (person.name, person.title, person.company_id) == ("李娜", "CTO", company.pk)

    def test_rows_of_a_batch_that_share_an_identifier_are_one_person(self) -> None:
        answers = resolve(
            hint(mobile(1), name="李娜"), hint(mobile(2)), hint(email("li"), mobile(1), title="CTO")
        )
        first, other, third = persons_of(answers)
        assert first == third != other
        assert [answer.created for answer in answers] == [True, True, False]
        person = Person.objects.get(pk=first)
        assert (person.name, person.title) == ("李娜", "CTO")

    def test_one_batch_ends_like_rows_one_by_one(self) -> None:
        rows = [
            hint(mobile(1)),
            hint(mobile(2), email("b")),
            hint(mobile(1), email("a")),
            hint(email("a"), email("c")),
            hint(email("c")),
        ]
        batch = persons_of(resolve(*rows))
        Person.objects.all().delete()
        single = [person for row in rows for person in persons_of(resolve(row))]
        assert [batch.index(person) for person in batch] == [single.index(person) for person in single]

    def test_identifiers_of_two_persons_propose_a_merge_and_merge_nothing(self) -> None:
        left, right = persons_of(resolve(hint(mobile(1)), hint(email("li"))))
        first, second = resolve(hint(mobile(1), email("li")), hint(email("li"), mobile(1)))
        assert first.person_id == second.person_id == left
        proposal = MergeProposal.objects.get()
        assert (proposal.left_id, proposal.right_id, proposal.method, proposal.score) == (
            left,
            right,
            "rule",
            0.9,
        )
        assert [Evidence.read(each) for each in proposal.evidence] == [
            Evidence("mobile", left="+8613800000001", weight=3.0),
            Evidence("email", right="li@acme.cn", weight=3.0),
        ]
        assert (first.proposals, second.proposals) == ((proposal.pk,), ())
        fact = Fact.objects.get(kind="person.merge_proposed")
        assert (fact.person_id, fact.payload["other_person_id"]) == (left, right)
        assert resolve(hint(mobile(1), email("li")))[0].proposals == ()
        assert Fact.objects.filter(kind="person.merge_proposed").count() == 1

    def test_a_shared_box_does_not_swallow_everybody(self) -> None:
        """A person has three mobiles at most: the fourth sender from one box is somebody else."""
        answers = persons_of([resolve(hint(email("sales"), mobile(n)))[0] for n in range(1, 6)])
        assert len(set(answers[:3])) == 1
        assert answers[3] not in answers[:3]
        assert Row.objects.get(kind="email").person_id == answers[0]

    def test_the_limit_counts_what_earlier_batches_brought(self) -> None:
        (one,) = persons_of(resolve(hint(email("sales"), mobile(1), mobile(2), mobile(3))))
        assert persons_of(resolve(hint(email("sales"), mobile(4)))) != [one]

    def test_a_role_box_joins_nobody_but_finds_its_sender_again(self) -> None:
        info = email("info", Strength.WEAK)
        li, wang = persons_of(resolve(hint(mobile(1), info), hint(mobile(2), info)))
        assert li != wang
        assert persons_of(resolve(hint(info))) == [li]
        (alone,) = persons_of(resolve(hint(email("office", Strength.WEAK))))
        assert persons_of(resolve(hint(email("office", Strength.WEAK)))) == [alone]

    def test_disagreeing_unique_identifiers_are_two_persons(self) -> None:
        def crm(code: str) -> Identifier:
            return Identifier(IdentifierKind.EXTERNAL, f"crm:{code}")

        (one,) = persons_of(resolve(hint(crm("1"), mobile(1))))
        assert persons_of(resolve(hint(crm("2"), mobile(1)))) != [one]
        assert persons_of(resolve(hint(Identifier(IdentifierKind.EXTERNAL, "erp:1"), mobile(1)))) == [one]

    def test_the_caller_may_know_the_person(self) -> None:
        (one,) = persons_of(resolve(hint(mobile(1))))
        (answer,) = resolve(hint(email("li"), person_id=one, name="李娜"))
        assert answer == Resolved(one, added=(("email", "li@acme.cn"),), filled={"name": "李娜"})
        assert not Row.objects.filter(value__startswith="person:").exists()

    def test_rows_without_identifiers_are_persons_of_their_own(self) -> None:
        answers = resolve(hint(name="李"), hint(name="李"))
        assert len(set(persons_of(answers))) == 2
        assert all(answer.created for answer in answers)

    def test_seen_again_and_verified(self) -> None:
        resolve(hint(mobile(1)))
        later = NOW + timedelta(hours=23)
        resolve(hint(mobile(1)), now=later)
        assert Row.objects.get().last_seen == NOW  # moves once a day
        verified = frozenset({IdentifierKind.MOBILE})
        resolve(hint(mobile(1), verified=verified), now=later)
        assert (Row.objects.get().verified, Row.objects.get().last_seen) == (True, later)
        resolve(hint(mobile(1)), now=NOW + timedelta(days=9))
        row = Row.objects.get()
        assert (row.verified, row.first_seen, row.last_seen) == (True, NOW, NOW + timedelta(days=9))

    def test_awkward_text(self) -> None:
        names = ['quo"te', "back\\slash", "tab\there", "comma,{brace}", "NULL", "火炬 🔥", "\\N", ""]
        answers = resolve(*[hint(mobile(at), name=name) for at, name in enumerate(names)])
        stored = Person.objects.in_bulk(persons_of(answers))
        assert [stored[answer.person_id].name for answer in answers] == names

    def test_nobody(self) -> None:
        assert resolve() == []

    def test_the_number_of_statements_does_not_depend_on_the_rows(self) -> None:
        def batch(size: int) -> int:
            numbers = range(size * 1000, size * 1000 + size)
            new = [hint(mobile(n), email(str(n))) for n in numbers]
            again = [hint(mobile(n), email(f"x{n}"), name="李") for n in numbers]
            return count_queries(lambda: (resolve(*new), resolve(*again)))

        assert batch(2) == batch(100)


@pytest.mark.django_db
class TestForget:
    def test_equal_to_before(self) -> None:
        resolve(hint(mobile(1), name="李娜"), hint(email("wang")))
        before = everything()
        made = resolve(
            hint(mobile(1), email("li"), title="CTO"),
            hint(mobile(1), email("wang")),
            hint(mobile(2), name="新"),
            hint(mobile(2), email("new")),
        )
        forget_batch(made, actor="test", now=NOW)
        assert everything() == before

    def test_keeps_a_person_on_whom_something_stands(self) -> None:
        (made,) = resolve(hint(mobile(1)))
        company = Company.objects.create(name="Acme", key="acme", created_at=NOW)
        (again,) = resolve(hint(mobile(1), company_id=company.pk))
        Person.objects.update(company=None)
        forget_batch([again], actor="test", now=NOW)
        assert Person.objects.get().pk == made.person_id


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_one_person_twice_at_the_same_instant(self) -> None:
        def take(name: str) -> list[int]:
            with transaction.atomic():
                return persons_of(resolve(hint(mobile(1), email("li"), name=name)))

        with committed_log(NOW):
            answers = race(*[lambda name=name: take(name) for name in "甲乙丙丁"])
            assert len({person for answer in answers for person in answer}) == 1
            assert Person.objects.count() == 1
            assert Row.objects.count() == 2
            assert not MergeProposal.objects.exists()

    def test_batches_with_common_identifiers_in_opposite_order(self) -> None:
        rows = [hint(mobile(n), email(str(n))) for n in range(200)]

        def take(order: list[PersonHint]) -> list[int]:
            with transaction.atomic():
                return persons_of(resolve(*order))

        with committed_log(NOW):
            forward, backward = race(lambda: take(rows), lambda: take(rows[::-1]))
            assert forward == backward[::-1]
            assert Person.objects.count() == 200
            assert Row.objects.count() == 400

    def test_halves_of_one_person_meet_in_the_loser(self) -> None:
        """One brings the mobile, one the mail, one both: nobody is lost, whoever comes first."""

        def take(*identifiers: Identifier) -> list[int]:
            with transaction.atomic():
                return persons_of(resolve(hint(*identifiers)))

        with committed_log(NOW):
            race(lambda: take(mobile(1)), lambda: take(email("li")), lambda: take(mobile(1), email("li")))
            assert Person.objects.count() in (1, 2)
            assert Row.objects.count() == 2
            assert MergeProposal.objects.count() == Person.objects.count() - 1
