from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from huoju.acquire.campaigns.models import Channel
from huoju.core.access.models import User
from huoju.core.facts.models import Fact
from huoju.hub.identity.models import Person
from huoju.qualify.leads.models import Lead, StageChange, Touch
from huoju.qualify.leads.operations import Captured, LeadChange, NewInterest, capture_batch, update_batch
from huoju.qualify.leads.policy import OPEN, Stage
from tests.races import committed_log, count_queries, race

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_S = Stage


def day(number: int) -> datetime:
    """The day of that number, at noon."""
    return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)


def person(name: str = "李娜") -> Person:
    return Person.objects.create(name=name, created_at=NOW)


def interest(who: Person, origin: str, **fields: Any) -> NewInterest:
    return NewInterest(origin=origin, person_id=who.pk, **{"via": "form", "at": NOW, **fields})


def capture(*interests: NewInterest) -> list[Captured]:
    return capture_batch(interests, actor="test", source="test", now=NOW)


def facts_of(lead_id: int) -> list[tuple[str, datetime, dict[str, Any]]]:
    """Kind, time, and payload without its empty values, in the order of the log."""
    return [
        (
            fact.kind,
            fact.occurred_at,
            {name: value for name, value in fact.payload.items() if value and name != "lead_id"},
        )
        for fact in Fact.objects.filter(payload__lead_id=lead_id).order_by("id")
    ]


def steps_of(lead_id: int) -> list[tuple[str, str, datetime]]:
    return list(
        StageChange.objects.filter(lead_id=lead_id).order_by("id").values_list("from_stage", "to_stage", "at")
    )


@pytest.mark.django_db
def test_a_person_who_is_not_there_gets_no_lead() -> None:
    li = person()
    with pytest.raises(LookupError):
        capture(interest(li, "1"), NewInterest(origin="2", person_id=li.pk + 1, via="form", at=NOW))


@pytest.mark.django_db
def test_a_company_that_is_not_there_any_more_is_left_out() -> None:
    (made,) = capture(interest(person(), "1"))
    update_batch([LeadChange(lead_id=made.lead_id, changes={"company_id": 10**9})], actor="user:1", now=NOW)
    assert Lead.objects.get().company_id is None


@pytest.mark.django_db
class TestNewAndJoined:
    def test_a_new_lead_with_everything_that_came_along(self) -> None:
        li, channel = person(), Channel.objects.create(code="fair", name="展会")
        (answer,) = capture(
            interest(
                li,
                "submission:1",
                at=day(1),
                channel_id=channel.pk,
                keyword="数据\t平台",
                landing_page="/demo",
                referrer="https://example.com/",
                product="cdp",
                region="11",
                industry="it",
                size="100-499",
                message='第一行\n第二行 \\ "引号"',
                submission_id=1,
                extra={"budget": "50 万"},
                purpose="trial",
            )
        )
        lead = Lead.objects.get()
        assert answer == Captured(lead.pk, created=True)
        assert (lead.person_id, lead.stage, lead.stage_at, lead.captured_at) == (
            li.pk,
            "lead",
            day(1),
            day(1),
        )
        assert (lead.channel_id, lead.keyword, lead.landing_page) == (channel.pk, "数据\t平台", "/demo")
        assert (lead.referrer, lead.product) == ("https://example.com/", "cdp")
        assert (lead.region, lead.industry, lead.size) == ("11", "it", "100-499")
        assert (lead.extra, lead.warnings, lead.external_id) == ({"budget": "50 万"}, [], None)
        assert lead.created_at == NOW
        touch = Touch.objects.get()
        assert (touch.lead_id, touch.at, touch.via, touch.origin) == (lead.pk, day(1), "form", "submission:1")
        assert touch.message == '第一行\n第二行 \\ "引号"'
        assert steps_of(lead.pk) == []
        ((kind, at, payload),) = facts_of(lead.pk)
        assert (kind, at) == ("lead.captured", day(1))
        assert payload == {
            "via": "form",
            "channel_id": channel.pk,
            "keyword": "数据\t平台",
            "landing_page": "/demo",
            "product": "cdp",
            "region": "11",
            "industry": "it",
            "size": "100-499",
            "submission_id": 1,
            "message": '第一行\n第二行 \\ "引号"',
            "purpose": "trial",
        }
        assert Fact.objects.get().person_id == li.pk

    @pytest.mark.parametrize("stage", sorted(Stage))
    def test_a_repeat_joins_an_open_lead_and_starts_anew_after_a_closed_one(self, stage: Stage) -> None:
        li = person()
        (first,) = capture(interest(li, "submission:1", region="11"))
        Lead.objects.update(stage=stage.value)
        (second,) = capture(interest(li, "submission:2", region="31", message="再问一次"))
        if stage in OPEN:
            assert second == Captured(first.lead_id, joined=True)
            assert Lead.objects.get().region == "11"
            assert facts_of(first.lead_id)[-1] == (
                "lead.touched",
                NOW,
                {"via": "form", "message": "再问一次"},
            )
        else:
            assert second.created
            assert second.lead_id != first.lead_id
        assert Touch.objects.filter(lead_id=second.lead_id, origin="submission:2").exists()

    def test_repeats_inside_a_batch(self) -> None:
        li, wang = person(), person("王")
        answers = capture(
            interest(li, "a:1", person_is_new=True),
            interest(wang, "a:2"),
            interest(li, "a:3", person_is_new=True),
            interest(wang, "a:4"),
        )
        assert [(each.created, each.joined) for each in answers] == [(True, False)] * 2 + [(False, True)] * 2
        assert [each.lead_id for each in answers[2:]] == [each.lead_id for each in answers[:2]]
        assert Touch.objects.count() == 4

    def test_one_origin_counts_once(self) -> None:
        li = person()
        (first,) = capture(interest(li, "submission:1"))
        assert capture(interest(li, "submission:1")) == [Captured(first.lead_id)]
        one, two = capture(interest(li, "submission:2"), interest(li, "submission:2"))
        assert (one.joined, two) == (True, Captured(first.lead_id))
        assert Touch.objects.count() == 2
        assert Fact.objects.count() == 2

    def test_nothing(self) -> None:
        assert capture() == []

    def test_the_number_of_statements_does_not_depend_on_the_rows(self) -> None:
        def batch(size: int) -> int:
            people = Person.objects.bulk_create([Person(created_at=NOW) for _ in range(size)])
            rows = [
                interest(
                    each,
                    f"{size}:{n}",
                    external_id=f"crm:{size}-{n}",
                    reached={_S.MQL: day(3)} if n % 2 else {},
                    owner_id=None,
                )
                for n, each in enumerate(people)
            ]
            again = [
                interest(each, f"{size}:x{n}", external_id=f"crm:{size}-{n}", region="31")
                for n, each in enumerate(people)
            ]
            return count_queries(lambda: (capture(*rows), capture(*again)))

        assert batch(2) == batch(100)


@pytest.mark.django_db
class TestMovedInHistory:
    def test_steps_first_times_owner_and_facts_in_order(self) -> None:
        li, owner = person(), User.objects.create(username="zhao")
        (answer,) = capture(
            interest(
                li,
                "import:1/1",
                via="import",
                at=day(0),
                external_id="crm:7",
                reached={_S.WON: day(9), _S.MQL: day(2), _S.SQL: day(4)},
                owner_id=owner.pk,
                import_id=1,
            )
        )
        lead = Lead.objects.get()
        assert answer == Captured(lead.pk, created=True)
        assert (lead.stage, lead.stage_at, lead.captured_at) == ("won", day(9), day(0))
        assert (lead.mql_at, lead.sql_at, lead.opportunity_at, lead.won_at) == (day(2), day(4), None, day(9))
        assert (lead.owner_id, lead.assigned_at, lead.external_id, lead.import_id) == (
            *(owner.pk, day(4), "crm:7", 1),
        )
        assert steps_of(lead.pk) == [
            ("lead", "mql", day(2)),
            ("mql", "sql", day(4)),
            ("sql", "won", day(9)),
        ]
        assert [(kind, at) for kind, at, _ in facts_of(lead.pk)] == [
            ("lead.captured", day(0)),
            ("lead.assigned", day(4)),
            ("lead.stage_changed", day(2)),
            ("lead.stage_changed", day(4)),
            ("lead.stage_changed", day(9)),
        ]
        assert facts_of(lead.pk)[2][2] == {"from_stage": "lead", "to_stage": "mql", "rule": "history"}

    def test_won_before_the_first_contact_is_kept_and_flagged(self) -> None:
        (answer,) = capture(interest(person(), "import:1/1", at=day(5), reached={_S.WON: day(3)}))
        lead = Lead.objects.get()
        assert (lead.stage, lead.won_at, lead.captured_at) == ("won", day(3), day(5))
        assert lead.warnings == ["won_before_captured"]
        assert facts_of(answer.lead_id)[-1] == ("lead.warned", day(5), {"codes": ["won_before_captured"]})

    def test_a_finished_story_never_joins(self) -> None:
        li = person()
        open_lead, won, lost = capture(
            interest(li, "import:1/1"),
            interest(li, "import:1/2", reached={_S.WON: day(3)}),
            interest(li, "import:1/3", at=day(0), outcome=_S.LOST, reached={_S.SQL: day(2)}, reason="price"),
        )
        assert [each.created for each in (open_lead, won, lost)] == [True] * 3
        assert len({open_lead.lead_id, won.lead_id, lost.lead_id}) == 3
        row = Lead.objects.get(pk=lost.lead_id)
        assert (row.stage, row.stage_reason, row.lost_at) == ("lost", "price", day(2))
        assert row.warnings == ["undated_outcome"]

    def test_a_later_file_updates_by_external_id(self) -> None:
        li, seller, sdr = person(), User.objects.create(username="zhao"), User.objects.create(username="qian")
        (made,) = capture(
            interest(li, "import:1/1", at=day(0), external_id="olist:a1", region="11", import_id=1)
        )
        (answer,) = capture(
            interest(
                li,
                "import:2/1",
                external_id="olist:a1",
                segment="pet",
                reached={_S.WON: day(9)},
                owner_id=seller.pk,
                sdr_id=sdr.pk,
                import_id=2,
            )
        )
        lead = Lead.objects.get()
        assert answer.lead_id == made.lead_id
        assert (answer.created, answer.joined, answer.updated) == (False, False, True)
        assert (lead.stage, lead.won_at, lead.segment, lead.region) == ("won", day(9), "pet", "11")
        assert (lead.owner_id, lead.sdr_id, lead.captured_at) == (seller.pk, sdr.pk, day(0))
        assert Touch.objects.count() == 1
        assert steps_of(lead.pk) == [("lead", "won", day(9))]
        assert [kind for kind, *_ in facts_of(lead.pk)] == [
            *("lead.captured", "lead.updated", "lead.assigned", "lead.stage_changed"),
        ]
        # Saying it again changes nothing.
        again = interest(
            li,
            "import:3/1",
            external_id="olist:a1",
            segment="pet",
            reached={_S.WON: day(9)},
            owner_id=seller.pk,
        )
        assert capture(again) == [Captured(lead.pk)]
        assert Fact.objects.count() == 4
        assert StageChange.objects.count() == 1

    def test_an_earlier_moment_that_comes_to_light_leaves_the_stage(self) -> None:
        li = person()
        (made,) = capture(
            interest(li, "import:1/1", at=day(0), external_id="crm:1", reached={_S.WON: day(9)})
        )
        capture(interest(li, "import:2/1", external_id="crm:1", reached={_S.MQL: day(2)}))
        lead = Lead.objects.get()
        assert (lead.stage, lead.stage_at, lead.mql_at, lead.won_at) == ("won", day(9), day(2), day(9))
        assert steps_of(made.lead_id)[-1] == ("mql", "won", day(9))
        assert [
            payload["to_stage"] for kind, _, payload in facts_of(made.lead_id) if "to_stage" in payload
        ] == [
            *("won", "mql", "won"),
        ]

    def test_history_does_not_open_a_lead_beside_an_open_one(self) -> None:
        li = person()
        (old,) = capture(
            interest(li, "import:1/1", at=day(0), external_id="crm:1", reached={_S.LOST: day(3)})
        )
        capture(interest(li, "submission:1"))
        capture(interest(li, "import:2/1", external_id="crm:1", reached={_S.NURTURING: day(8)}))
        assert Lead.objects.get(pk=old.lead_id).stage == "lost"

    def test_history_that_joins_an_open_lead_is_placed_on_it(self) -> None:
        li = person()
        (open_lead,) = capture(interest(li, "submission:1", at=day(0)))
        (answer,) = capture(
            interest(li, "import:1/1", at=day(-9), external_id="crm:1", reached={_S.MQL: day(4)})
        )
        lead = Lead.objects.get()
        assert answer.joined
        assert answer.lead_id == open_lead.lead_id
        assert (lead.stage, lead.mql_at, lead.external_id, lead.captured_at) == (
            "mql",
            day(4),
            "crm:1",
            day(0),
        )


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_one_person_twice_at_the_same_instant(self) -> None:
        def take(origin: str) -> list[Captured]:
            with transaction.atomic():
                return capture(interest(li, origin))

        li = person()
        with committed_log(NOW):
            answers = [each for (each,) in race(*[lambda n=n: take(f"submission:{n}") for n in range(4)])]
            assert sorted(each.created for each in answers) == [False, False, False, True]
            assert Lead.objects.count() == 1
            assert Touch.objects.count() == 4

    def test_batches_with_common_persons_in_opposite_order(self) -> None:
        def take(who: list[Person], tag: str) -> list[Captured]:
            with transaction.atomic():
                return capture(*[interest(each, f"{tag}:{each.pk}") for each in who])

        people = [person(str(n)) for n in range(100)]
        with committed_log(NOW):
            race(lambda: take(people, "a"), lambda: take(people[::-1], "b"))
            assert Lead.objects.count() == 100
            assert Touch.objects.count() == 200

    def test_the_database_refuses_a_second_open_lead(self) -> None:
        li = person()
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'leads_one_open_lead_a_person'")
            assert "UNIQUE" in cursor.fetchone()[0]
        with committed_log(NOW), transaction.atomic():
            capture(interest(li, "submission:1"))
