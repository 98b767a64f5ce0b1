"""From the form to the lead: what marketing and programs hear about a submission."""

import pytest
from django.utils import timezone

from huoju.acquire.campaigns import operations as campaigns
from huoju.acquire.campaigns import queries as campaign_queries
from huoju.acquire.campaigns.models import Channel
from huoju.acquire.forms import public, queries
from huoju.acquire.forms.models import Form, Submission
from huoju.core.facts import delivery
from huoju.qualify.intake.readers import INTAKE
from tests.races import committed_log, race

from .conftest import NOW, Send, token_for

pytestmark = pytest.mark.django_db


def take_in() -> None:
    delivery.drain([INTAKE], horizon="own")


def test_a_submission_is_a_lead_once_intake_has_read_it(form: Form, send: Send) -> None:
    campaign = campaigns.create_campaign(
        name="Spring", code="spring", channel=Channel.objects.get(code="events"), actor="user:1", now=NOW
    )
    send(
        f_mobile="13827196054",
        f_company="上海云帆数据科技有限公司",
        utm_campaign="spring",
        page="https://www.example.com/demo",
    )
    submission = Submission.objects.get()
    assert queries.outcomes([submission.pk])[submission.pk].state == "pending"
    take_in()
    outcome = queries.outcomes([submission.pk])[submission.pk]
    assert outcome.state == "lead"
    assert outcome.lead_id
    assert campaign_queries.lead_figures([campaign.pk]) == {
        campaign.pk: campaign_queries.LeadFigures(1, 0, 0)
    }


def test_two_answers_of_one_person_are_one_lead(form: Form, send: Send) -> None:
    for nonce, mobile in (("a", "13927196054"), ("b", "+86 139-2719-6054")):
        send(token=token_for(form, nonce=nonce), f_mobile=mobile)
    take_in()
    found = queries.outcomes(list(Submission.objects.values_list("pk", flat=True)))
    assert {outcome.state for outcome in found.values()} == {"lead"}
    assert len({outcome.lead_id for outcome in found.values()}) == 1


def test_what_cleaning_holds_back_says_why(form: Form, send: Send) -> None:
    send(f_name="测试", f_mobile="13800000000", f_company="测试")
    take_in()
    submission = Submission.objects.get()
    outcome = queries.outcomes([submission.pk])[submission.pk]
    assert outcome.state in {"quarantined", "dropped"}
    assert outcome.reasons


@pytest.mark.django_db(transaction=True)
def test_one_person_on_two_pages_at_the_same_instant_is_one_lead(form: Form, send: Send) -> None:
    with committed_log(timezone.now()):
        sent = race(
            lambda: send(token=token_for(form, nonce="phone"), f_mobile="13927196054").status_code,
            lambda: send(token=token_for(form, nonce="laptop"), f_mobile="+86 139-2719-6054").status_code,
        )
        assert sent == [303, 303]
        race(lambda: delivery.drain([INTAKE]), lambda: delivery.drain([INTAKE]))
        found = queries.outcomes(list(Submission.objects.values_list("pk", flat=True)))
    assert [outcome.state for outcome in found.values()] == ["lead", "lead"]
    assert len({outcome.lead_id for outcome in found.values()}) == 1


@pytest.mark.django_db(transaction=True)
def test_a_limit_holds_across_processes(form: Form, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public, "PER_ADDRESS", 3)
    with committed_log(timezone.now()):
        # Every run has a connection of its own, as every process has; the count lives in the database.
        sent = race(*(lambda n=n: send(token=token_for(form, nonce=f"n{n}")).status_code for n in range(8)))
    assert sorted(sent) == [303] * 3 + [429] * 5
