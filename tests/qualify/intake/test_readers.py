from datetime import timedelta

import pytest
from django.db import transaction

from huoju.acquire.forms.facts import FormSubmitted
from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.core.facts.operations import NewFact, append
from huoju.hub.consent.models import Consent
from huoju.qualify.intake.models import Quarantined
from huoju.qualify.intake.readers import INTAKE
from huoju.qualify.leads.models import Lead, Touch

from .given import NOW


def submit(*numbers: int, **fields: str) -> None:
    facts = [
        NewFact(
            payload=FormSubmitted(
                submission_id=number, via="form", form_id=7, form_version=2, purpose="trial", product="cdp",
                campaign_id=None, data={"name": "李娜", "mobile": "13651087243", **fields},
                source={"page": "https://example.com/trial", "utm_source": "baidu", "referrer": "https://a.cn/"},
                consent={"marketing": True, "privacy": True}, consent_text="我同意", ip="203.0.113.9",
            ),
            occurred_at=NOW - timedelta(minutes=1), shard_key="mobile:13651087243",
        )
        for number in numbers
    ]  # fmt: skip
    with transaction.atomic():
        append(facts, actor="visitor", source="forms", now=NOW)


@pytest.mark.django_db
class TestIntake:
    def test_a_submission_becomes_a_lead_with_its_source_and_consent(self) -> None:
        submit(1, budget="50 万", message="试用")
        delivery.drain([INTAKE], horizon="own")
        lead = Lead.objects.select_related("person").get()
        assert (lead.person.mobile, lead.product, lead.captured_at) == (
            *("+8613651087243", "cdp", NOW - timedelta(minutes=1)),
        )
        assert lead.landing_page == "https://example.com/trial"
        assert lead.extra == {"budget": "50 万"}
        touch = Touch.objects.get()
        assert (touch.origin, touch.via, touch.message) == ("submission:1", "form", "试用")
        assert set(Consent.objects.values_list("channel", "purpose")) == {
            *(("phone", "marketing"), ("sms", "marketing"), ("phone", "privacy"), ("sms", "privacy")),
        }
        proof = Consent.objects.first()
        assert proof is not None
        assert proof.proof == {
            "form": "7",
            "version": "2",
            "text": "我同意",
            "page": "https://example.com/trial",
            "ip": "203.0.113.9",
            "submission": "1",
        }
        captured = Fact.objects.get(kind="lead.captured")
        assert (captured.payload["submission_id"], captured.payload["purpose"]) == (1, "trial")

    def test_every_submission_ends_somewhere(self) -> None:
        submit(1, 2)
        submit(3, name="测试", message="test")
        submit(4, mobile="", message="你好")
        delivery.drain([INTAKE], horizon="own")
        ended = set(Touch.objects.values_list("origin", flat=True)) | set(
            Quarantined.objects.values_list("origin", flat=True)
        )
        assert ended == {f"submission:{number}" for number in (1, 2, 3, 4)}
        assert Lead.objects.count() == 1
