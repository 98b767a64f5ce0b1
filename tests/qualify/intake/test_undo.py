"""Taking an import back leaves what was there before it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from huoju.core.facts.models import Fact
from huoju.hub.companies.models import Company, CompanyDomain
from huoju.hub.consent.models import Consent
from huoju.hub.identity.models import Identifier, MergeProposal, Person
from huoju.hub.profile.models import FieldValue
from huoju.qualify.cleaning.policy import Mode
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.intake.operations import Taken, undo_batch
from huoju.qualify.intake.policy import Given, Incoming, Outcome
from huoju.qualify.leads.models import Lead, StageChange, Touch
from huoju.qualify.leads.policy import Stage

from .given import NOW, incoming, li_na, take

TABLES: tuple[type[models.Model], ...] = (
    *(
        Company,
        CompanyDomain,
        Person,
        Identifier,
        MergeProposal,
        Consent,
        Lead,
        Touch,
        StageChange,
        Quarantined,
        FieldValue,
    ),
)


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table.__name__: list(table._default_manager.order_by("pk").values()) for table in TABLES}


def undo(taken: list[Taken]) -> list[str]:
    rows = [(each.origin, each.undo) for each in reversed(taken)]
    return undo_batch(rows, import_id=7, actor="user:1", now=NOW)


def rows(origin: str, via: str) -> st.SearchStrategy[list[Incoming]]:
    """Rows over few persons, companies and external ids, so that they meet; with all that an import may carry."""

    def numbered(drawn: list[dict[str, Any]]) -> list[Incoming]:
        return [incoming(f"{origin}/{number}", via=via, **fields) for number, fields in enumerate(drawn)]

    stages = st.sampled_from(
        [Stage.MQL, Stage.SQL, Stage.WON, Stage.LOST, Stage.NURTURING, Stage.DISQUALIFIED]
    )
    moments = st.integers(-20, 20).map(lambda days: NOW - timedelta(days=30 + days))
    fields = st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from(["李娜", "王强", "测试"]),
            "phone": st.sampled_from(["13651087243", "13957160482", "13776034915"]),
            "email": st.sampled_from(["li@yuntu-data.cn", "wang@henglian.com", "info@henglian.com"]),
            "company": st.sampled_from(["北京云图数据科技有限公司", "恒联软件"]),
            "title": st.sampled_from(["CTO", "市场总监"]),
            "region": st.sampled_from(["北京", "上海"]),
            "segment": st.sampled_from(["a", "b"]),
            "external_id": st.sampled_from(["crm:1", "crm:2", "crm:3"]),
            "reached": st.dictionaries(stages, moments, max_size=3),
            "consents": st.just((Given(purpose="marketing", granted=True),)),
        },
    )
    return st.lists(fields, max_size=6).map(numbered)


class UndoIsExact(TestCase):
    """`hypothesis.extra.django` gives each example a transaction of its own."""

    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(before=rows("import:1", "import"), batches=st.lists(rows("x", "import"), min_size=1, max_size=3))
    def test_equal_to_before(self, before: list[Incoming], batches: list[list[Incoming]]) -> None:
        take(*before, import_id=1, mode=Mode.RECORD)
        was = everything()
        taken: list[Taken] = []
        for number, batch in enumerate(batches):
            named = [incoming_of(row, f"import:7/{number}-{at}") for at, row in enumerate(batch)]
            mode = Mode.RECORD if number % 2 else Mode.ENFORCE
            taken += take(*named, import_id=7, mode=mode)
        half = len(taken) // 2
        assert undo(taken[half:]) == []
        assert undo(taken[:half]) == []
        assert everything() == was


def incoming_of(row: Incoming, origin: str) -> Incoming:
    return Incoming(
        origin=origin,
        via=row.via,
        at=row.at,
        submission=row.submission,
        segment=row.segment,
        external_id=row.external_id,
        reached=row.reached,
        consents=row.consents,
    )


@pytest.mark.django_db
class TestUndo:
    def test_tells_the_log(self) -> None:
        take(li_na("submission:1"), incoming("import:1/1", external_id="crm:1"))
        taken = take(
            incoming("import:7/1", phone="13957160482"),
            incoming("import:7/2", phone="13651087243"),
            incoming("import:7/3", external_id="crm:1", reached={Stage.WON: NOW}, segment="pet"),
            import_id=7,
        )
        made, joined, updated = taken
        before = Fact.objects.count()
        undo(taken)
        facts = {
            fact.kind: fact.payload for fact in Fact.objects.order_by("-id")[: Fact.objects.count() - before]
        }
        assert facts["lead.withdrawn"] == {"lead_id": made.lead_id, "reason": "import", "import_id": 7}
        assert facts["lead.touch_withdrawn"]["lead_id"] == joined.lead_id
        restored = facts["lead.restored"]
        assert (restored["lead_id"], restored["stage"], restored["times"]["won"]) == (
            *(updated.lead_id, "lead", None),
        )
        assert restored["dimensions"]["segment"] == ""

    def test_a_company_goes_with_the_last_who_points_to_it(self) -> None:
        """The first row of a known person fills the company that a later row names; they are taken back one by one."""
        take(incoming("import:1/1", phone="13651087243"), import_id=1, mode=Mode.RECORD)
        was = everything()
        named = incoming("import:7/2", phone="13651087243", company="北京云图数据科技有限公司")
        first, second = take(incoming("import:7/1", phone="13651087243"), named, import_id=7)
        assert undo([second]) == undo([first]) == []
        assert everything() == was

    def test_a_lead_that_somebody_built_on_stays(self) -> None:
        (made,) = take(li_na("import:7/1"), import_id=7)
        take(incoming("submission:5", phone="13651087243"))
        assert undo([made]) == ["import:7/1"]
        assert Lead.objects.get().pk == made.lead_id
        assert list(Touch.objects.values_list("origin", flat=True)) == ["submission:5"]

    def test_what_was_corrected_since_stays(self) -> None:
        take(incoming("import:1/1", external_id="crm:1", segment="a"), import_id=1)
        taken = take(incoming("import:7/1", external_id="crm:1", segment="b", region="上海"), import_id=7)
        assert taken[0].outcome is Outcome.UPDATES
        Lead.objects.update(segment="c")
        undo(taken)
        lead = Lead.objects.get()
        assert (lead.segment, lead.region) == ("c", "")
