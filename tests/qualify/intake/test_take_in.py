from datetime import timedelta

import pytest
from django.db import transaction

from huoju.acquire.campaigns.models import Campaign, Channel
from huoju.core.access.models import User
from huoju.core.facts.models import Fact
from huoju.hub.companies.models import Company, CompanyDomain
from huoju.hub.consent.models import Consent
from huoju.hub.identity.models import Identifier, Person
from huoju.hub.profile.models import FieldValue
from huoju.qualify.cleaning.policy import Mode, Rule, RuleSet, Step
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.intake.operations import Taken, prepare
from huoju.qualify.intake.policy import Given, Outcome
from huoju.qualify.intake.queries import count_undecided, list_undecided, preview_batch, try_rules
from huoju.qualify.leads.models import Lead, Touch
from huoju.qualify.leads.policy import Stage
from tests.races import committed_log, count_queries, race

from .given import NOW, incoming, li_na, take

HOUR = timedelta(hours=1)


@pytest.fixture
def fair(db: None) -> Campaign:
    channel = Channel.objects.create(code="fair-2026", name="世界数据展")
    return Campaign.objects.create(name="秋季展", code="autumn-fair", channel=channel, created_at=NOW)


@pytest.mark.django_db
class TestOrdinary:
    def test_a_submission_becomes_person_company_consent_and_lead(self, fair: Campaign) -> None:
        given = Given(purpose="marketing", granted=True, proof={"text": "我同意"})
        (taken,) = take(
            li_na(
                "submission:1",
                utm={"utm_campaign": "autumn-fair", "utm_term": "数据平台"},
                page="https://example.com/demo?utm_campaign=autumn-fair",
                message="想了解价格",
                product="cdp",
                consents=(given,),
                submission_id=1,
                purpose="contact",
            )
        )
        assert taken.outcome is Outcome.NEW
        lead = Lead.objects.select_related("person", "company").get()
        assert (taken.lead_id, taken.person_id, taken.company_id) == (
            lead.pk,
            lead.person_id,
            lead.company_id,
        )
        assert (lead.campaign_id, lead.channel_id, lead.keyword, lead.product) == (
            *(fair.pk, fair.channel_id, "数据平台", "cdp"),
        )
        assert (lead.person.name, lead.person.mobile, lead.person.email, lead.person.title) == (
            *("李娜", "+8613651087243", "li.na@yuntu-data.cn", "市场总监"),
        )
        assert lead.company is not None
        assert lead.company.name == "北京云图数据科技有限公司"
        assert lead.person.company_id == lead.company_id
        assert CompanyDomain.objects.get().domain == "yuntu-data.cn"
        assert set(Identifier.objects.values_list("kind", "value")) == {
            ("mobile", "+8613651087243"),
            ("email", "li.na@yuntu-data.cn"),
        }
        assert set(Consent.objects.values_list("channel", "purpose", "granted")) == {
            *(("email", "marketing", True), ("phone", "marketing", True), ("sms", "marketing", True)),
        }
        assert Touch.objects.get().message == "想了解价格"
        assert sorted(Fact.objects.values_list("kind", flat=True)) == ["consent.given"] * 3 + [
            "lead.captured"
        ]

    def test_the_same_person_in_other_clothes_joins(self) -> None:
        (first,) = take(li_na("submission:1"))
        second, third = take(
            incoming("submission:2", phone="+86-13651087243", name="李 娜"),
            incoming("submission:3", email="LI.NA@yuntu-data.cn"),
        )
        assert {second.lead_id, third.lead_id} == {first.lead_id}
        assert [second.outcome, third.outcome] == [Outcome.JOINS] * 2
        assert Person.objects.count() == 1

    def test_a_person_without_company_keeps_the_one_known(self) -> None:
        (first,) = take(li_na("submission:1"))
        Lead.objects.update(stage="won")
        take(incoming("submission:2", phone="13651087243"))
        assert set(Lead.objects.values_list("company_id", flat=True)) == {first.company_id}

    def test_what_has_no_place_stays_with_the_lead(self) -> None:
        take(
            incoming(
                "submission:1",
                email="wang@yuntu-data.cn",
                company="无",
                phone="010-62345678 转 12",
                extra={"budget": "50 万"},
            )
        )
        assert Lead.objects.get().extra["budget"] == "50 万"
        assert Lead.objects.get().extra["company"] == "无"
        assert Lead.objects.get().extra["phone"].startswith("+861062345678")

    def test_two_doors_at_once_in_one_batch(self) -> None:
        rows = [
            li_na("submission:1"),
            incoming("x", name="测试", phone="13865190273"),
            li_na("submission:2", message="再问一次"),
        ]
        taken = take(*rows)
        assert [each.origin for each in taken] == ["submission:1", "x", "submission:2"]
        assert [each.outcome for each in taken][::2] == [Outcome.NEW, Outcome.JOINS]
        assert taken[1].outcome in (Outcome.QUARANTINED, Outcome.REJECTED)

    def test_the_number_of_statements_does_not_depend_on_the_rows(self) -> None:
        def batch(size: int) -> int:
            rows = [
                incoming(
                    f"import:{size}/{n}",
                    name="王强",
                    phone=f"1391{size:03}{n:04}",
                    email=f"u{n}@c{size}-{n}.cn",
                    company=f"杭州第{size}{n}科技有限公司",
                    channel=f"渠道{size}-{n % 3}",
                    consents=(Given(purpose="marketing", granted=True),),
                )
                for n in range(size)
            ]
            bad = [incoming(f"import:{size}/bad{n}", name="测试", phone="13865190273") for n in range(size)]
            return count_queries(lambda: take(*rows, *bad, import_id=1))

        take(li_na("warm"), import_id=1)
        assert batch(5) == batch(60)


@pytest.mark.django_db
class TestHeldBack:
    def test_a_test_submission_waits_with_its_reasons(self) -> None:
        (taken,) = take(incoming("submission:1", name="测试", phone="13651087243", message="test"))
        row = Quarantined.objects.get()
        assert (taken.outcome, taken.quarantine_id, taken.lead_id) == (
            Outcome.QUARANTINED if row.verdict == "quarantine" else Outcome.REJECTED,
            row.pk,
            None,
        )
        assert (row.origin, row.rules_version, row.received_at, row.decided_at) == (
            "submission:1",
            1,
            NOW,
            None,
        )
        assert "test_submission" in {reason["code"] for reason in row.reasons}
        assert row.candidate["submission"]["phone"] == "13651087243"
        fact = Fact.objects.get()
        assert (fact.kind, fact.person_id, fact.payload["quarantine_id"]) == (
            "lead.quarantined",
            None,
            row.pk,
        )
        assert not Lead.objects.exists()
        assert list(list_undecided()) == [row]
        assert count_undecided() == (1 if row.verdict == "quarantine" else 0)

    def test_nobody_to_reach_is_kept_as_well(self) -> None:
        (taken,) = take(incoming("submission:1", name="李娜", message="你好"))
        assert taken.quarantine_id == Quarantined.objects.get().pk

    def test_a_repeat_of_an_origin_changes_nothing(self) -> None:
        bad = incoming("submission:1", name="测试", phone="13651087243")
        take(bad)
        assert take(bad) == [Taken("submission:1", Outcome.UNCHANGED, remarks=take(bad)[0].remarks)]
        assert Quarantined.objects.count() == Fact.objects.count() == 1

    def test_history_is_recorded_not_judged(self) -> None:
        (taken,) = take(
            incoming("import:1/1", name="测试", phone="13651087243", via="import"), mode=Mode.RECORD
        )
        assert taken.outcome is Outcome.NEW
        assert "test_submission" in Lead.objects.get().warnings
        assert not Quarantined.objects.exists()


@pytest.mark.django_db
class TestHistory:
    def test_a_lead_with_nothing_but_an_external_id(self) -> None:
        """Olist's leads: a hash, a date, a landing page, an origin."""
        (taken,) = take(
            incoming(
                "import:1/1", via="import", external_id="olist:dac32acd", channel="social", page="88740e65"
            ),
            import_id=1,
        )
        lead = Lead.objects.get()
        assert taken.outcome is Outcome.NEW
        assert (lead.external_id, lead.landing_page, lead.import_id) == ("olist:dac32acd", "88740e65", 1)
        assert lead.channel is not None
        assert set(Identifier.objects.values_list("kind", "value")) == {("external", "olist:dac32acd")}

        won = NOW + 9 * HOUR
        (again,) = take(
            incoming(
                "import:2/1",
                via="import",
                external_id="olist:dac32acd",
                reached={Stage.WON: won},
                segment="pet",
            ),
            import_id=2,
        )
        assert (again.outcome, again.lead_id) == (Outcome.UPDATES, lead.pk)
        lead.refresh_from_db()
        assert (lead.stage, lead.won_at, lead.segment, lead.landing_page) == ("won", won, "pet", "88740e65")
        assert Person.objects.count() == 1

    def test_two_leads_of_one_person_in_the_old_system(self) -> None:
        one, two = take(
            li_na("import:1/1", external_id="crm:1", reached={Stage.LOST: NOW + HOUR}),
            li_na("import:1/2", external_id="crm:2", reached={Stage.MQL: NOW + HOUR}),
            import_id=1,
        )
        assert [one.outcome, two.outcome] == [Outcome.NEW] * 2
        assert one.person_id == two.person_id
        assert set(Lead.objects.values_list("external_id", "stage")) == {("crm:1", "lost"), ("crm:2", "mql")}

    def test_an_update_may_bring_contact_data(self) -> None:
        (one,) = take(incoming("import:1/1", external_id="crm:1"), import_id=1)
        (two,) = take(li_na("import:2/1", external_id="crm:1"), import_id=2)
        assert one.person_id == two.person_id
        assert Person.objects.get().name == "李娜"
        assert Lead.objects.get().company is not None
        assert Identifier.objects.filter(person__name="李娜").count() == 3

    def test_channels_of_a_file_are_made(self) -> None:
        take(li_na("import:1/1", channel="未知来源"), import_id=1)
        lead = Lead.objects.select_related("channel").get()
        assert lead.channel is not None
        assert lead.channel.name == "未知来源"

    def test_a_blank_channel_is_not_the_unknown_one(self) -> None:
        take(
            li_na("import:1/1", channel=""),
            incoming("import:1/2", phone="13957160482", channel="unknown"),
            import_id=1,
        )
        first, second = Lead.objects.order_by("id")
        assert first.channel_id is None
        assert second.channel_id is not None


@pytest.mark.django_db
class TestPreview:
    def test_says_what_would_happen(self) -> None:
        (known,) = take(li_na("import:0/1", external_id="crm:0"), import_id=9)
        rows = [
            incoming("import:1/1", phone="13957160482"),
            incoming("import:1/2", phone="13957160482", message="again"),
            incoming("import:1/3", phone="13651087243"),
            incoming("import:1/4", external_id="crm:0", reached={Stage.WON: NOW + HOUR}),
            incoming("import:1/5", external_id="crm:5", email="wu@yuntu-data.cn"),
            incoming("import:1/6", name="测试", phone="13776034915"),
            li_na("import:0/1"),
        ]
        previews = preview_batch(prepare(rows))
        assert [(each.outcome, each.lead_id) for each in previews][:5] == [
            (Outcome.NEW, None),
            (Outcome.JOINS, None),
            (Outcome.JOINS, known.lead_id),
            (Outcome.UPDATES, known.lead_id),
            (Outcome.NEW, None),
        ]
        assert Lead.objects.count() == 1
        taken = take(*rows, import_id=1)
        assert [each.outcome for each in previews] == [each.outcome for each in taken]

    def test_the_number_of_statements_does_not_depend_on_the_rows(self) -> None:
        def batch(size: int) -> int:
            rows = prepare([incoming(f"import:1/{n}", phone=f"139001{n:05}") for n in range(size)])
            return count_queries(lambda: preview_batch(rows))

        assert batch(2) == batch(50)


@pytest.mark.django_db
def test_rules_are_tried_on_history() -> None:
    take(li_na("a:1"), incoming("a:2", name="王强", email="wang@rival.cn", company="杭州对手科技有限公司"))
    Lead.objects.filter(person__name="王强").update(stage="won", won_at=NOW)
    rules = RuleSet(2, (Rule(Step.COMPETITORS, {"domains": ("rival.cn",)}),))
    result = try_rules(rules)
    assert (result.version, result.total, result.blocked, result.won) == (2, 2, 1, 1)
    assert try_rules(RuleSet(3, ())).blocked == 0


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_submissions_of_one_person_at_the_same_instant(self) -> None:
        User.objects.exists()

        def submit(number: int) -> Taken:
            with transaction.atomic():
                return take(li_na(f"submission:{number}"))[0]

        with committed_log(NOW):
            taken = race(*[lambda n=n: submit(n) for n in range(4)])
            assert sorted(each.outcome for each in taken) == [Outcome.JOINS] * 3 + [Outcome.NEW]
            assert Lead.objects.count() == Person.objects.count() == Company.objects.count() == 1
            assert Touch.objects.count() == 4

    def test_batches_with_common_persons_in_opposite_order(self) -> None:
        rows = [
            incoming(
                "",
                name="王强",
                phone=f"1390013{n:04}",
                email=f"u{n}@c{n}.cn",
                company=f"杭州第{n}科技有限公司",
            )
            for n in range(60)
        ]

        def submit(tag: str, step: int) -> list[Taken]:
            with transaction.atomic():
                numbered = [
                    incoming(
                        f"{tag}:{n}", name="王强", phone=row.submission.phone, email=row.submission.email,
                        company=row.submission.company,
                    )
                    for n, row in enumerate(rows[::step])
                ]  # fmt: skip
                return take(*numbered)

        with committed_log(NOW):
            forward, backward = race(lambda: submit("a", 1), lambda: submit("b", -1))
            outcomes = [(one.outcome, two.outcome) for one, two in zip(forward, backward[::-1], strict=True)]
            assert {frozenset(pair) for pair in outcomes} == {frozenset({Outcome.NEW, Outcome.JOINS})}
            assert Lead.objects.count() == 60


@pytest.mark.django_db
def test_what_a_known_person_says_differently_is_kept_with_its_source() -> None:
    take(li_na("a"))
    take(li_na("b", title="首席市场官"), import_id=7)
    (taken,) = take(li_na("c", title="市场副总裁", company=""))
    assert taken.person_id is not None
    values = FieldValue.objects.filter(person_id=taken.person_id).order_by("id")
    assert [(row.field, row.value, row.source) for row in values] == [
        ("title", "市场总监", "test"),
        ("title", "首席市场官", "import:7"),
        ("title", "市场副总裁", "form"),
    ]
    assert Person.objects.get().title == "市场副总裁"


@pytest.mark.django_db
def test_equal_rows_of_a_file_are_one_lead_and_a_touch_each() -> None:
    rows = [li_na(f"import:1:{number}", via="import") for number in range(3)]
    nobody = [
        incoming(f"import:1:{number}", via="import", name="王芳", company="北京云图数据科技有限公司")
        for number in (3, 4)
    ]
    outcomes = [taken.outcome for taken in take(*rows, *nobody)]
    assert outcomes[:3] == [Outcome.NEW, Outcome.JOINS, Outcome.JOINS]
    assert outcomes[4] is Outcome.REJECTED
    lead = Lead.objects.get(person__mobile="+8613651087243")
    assert Touch.objects.filter(lead=lead).count() == 3
