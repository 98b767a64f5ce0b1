"""The JSON API: what a program sends, what it hears, and what it finds later."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huoju.acquire.campaigns import operations as campaigns
from huoju.acquire.campaigns.models import Channel
from huoju.acquire.forms import queries
from huoju.acquire.forms.models import Form, Submission
from huoju.acquire.forms.queries import Outcome, register_outcomes
from huoju.core.access import gate
from huoju.core.access.models import ApiKey, User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope
from huoju.core.facts.models import Fact

from .conftest import NOW

pytestmark = pytest.mark.django_db
LEAD = {
    "name": "李娜",
    "mobile": "13812345678",
    "source": {"utm_source": "baidu"},
    "consent": {"privacy": True},
}


class Program:
    """A program with an API key."""

    def __init__(self, secret: str, language: str = "en") -> None:
        self.client = Client(headers={"authorization": f"Bearer {secret}", "accept-language": language})

    def post(self, path: str, body: Any, key: str = "") -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"idempotency-key": key} if key else {}
        return self.client.post(f"/api/v1/{path}", text, content_type="application/json", headers=headers)

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}")


@pytest.fixture
def program(api_key: tuple[ApiKey, str]) -> Program:
    return Program(api_key[1])


@pytest.fixture
def no_outcomes() -> Iterator[None]:
    """The registry as it was, whatever a test puts there."""
    before = list(queries._outcome_finder)
    yield
    queries._outcome_finder[:] = before


def test_a_lead_is_stored_with_its_fact(program: Program, api_key: tuple[ApiKey, str]) -> None:
    answer = program.post(
        "leads", {**LEAD, "fields": {"quarter": "Q3"}, "purpose": "trial", "product": "Lake"}
    )
    submission = Submission.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"submission_id": submission.pk, "status": "accepted"}
    assert submission.data == {"name": "李娜", "mobile": "13812345678", "quarter": "Q3"}
    assert (submission.via, submission.api_key) == ("api", api_key[0])
    fact = Fact.objects.get(kind="form.submitted")
    assert fact.actor == f"api_key:{api_key[0].pk}"
    assert {name: fact.payload[name] for name in ("via", "purpose", "product", "source", "form_id")} == {
        "via": "api",
        "purpose": "trial",
        "product": "Lake",
        "source": {"utm_source": "baidu"},
        "form_id": None,
    }


@pytest.mark.parametrize(("secret", "status"), [("", 401), ("hj_wrong", 401)])
def test_a_wrong_key_is_refused(db: None, secret: str, status: int) -> None:
    assert Program(secret).post("leads", LEAD).status_code == status


def test_a_key_without_the_scope_is_refused(admin: User) -> None:
    _key, secret = create_api_key(name="r", scopes=[ApiScope.REPORTS_READ], actor=admin, now=NOW)
    assert Program(secret).post("leads", LEAD).status_code == 403


def test_the_same_idempotency_key_gives_the_same_answer(program: Program) -> None:
    first, second = program.post("leads", LEAD, key="order-1"), program.post("leads", LEAD, key="order-1")
    assert first.json()["submission_id"] == second.json()["submission_id"]
    assert (first.json()["status"], second.json()["status"]) == ("accepted", "known")
    other = program.post("leads", {**LEAD, "name": "Somebody else"}, key="order-1")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    assert Submission.objects.count() == Fact.objects.filter(kind="form.submitted").count() == 1
    assert program.post("leads", LEAD).json()["submission_id"] != first.json()["submission_id"]


def test_one_programs_keys_are_not_anothers(program: Program, admin: User) -> None:
    _key, secret = create_api_key(name="two", scopes=[ApiScope.LEADS_WRITE], actor=admin, now=NOW)
    mine = program.post("leads", LEAD, key="k").json()["submission_id"]
    theirs = Program(secret).post("leads", LEAD, key="k").json()["submission_id"]
    assert mine != theirs
    assert program.get(f"submissions/{theirs}").status_code == 404


def problems(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422
    return {each["field"]: each["message"] for each in answer.json()["error"]["fields"]}


def test_wrong_fields_are_named_in_the_callers_language(api_key: tuple[ApiKey, str]) -> None:
    body = {"email": "nobody", "consent": {"sell": True}, "form": "nowhere", "purpose": "x"}
    assert problems(Program(api_key[1], "en").post("leads", body)) == {
        "email": "This is not an e-mail address. It should look like name@company.com.",
        "consent.sell": "There is no such field.",
        "form": "There is no such form.",
        "purpose": "Please choose one from the list.",
    }
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"mobile": ["1"]},
        {"mobile": None},
        {"mobile": "13812345678", "phone": "1"},
        {"mobile": "13812345678", "name": "x" * 121},
        {"mobile": "13812345678", "consent": {"privacy": "maybe"}},
        {"mobile": "13812345678", "fields": {"email": "x"}},
        {"mobile": "13812345678", "occurred_at": "2026-02-30T10:00:00Z"},
        {"mobile": "13812345678", "occurred_at": "2026-02-03T10:00:00"},
        {"mobile": "13812345678", "occurred_at": "2999-01-01T10:00:00Z"},
        {"mobile": "13812345678", "occurred_at": "1989-12-31T23:59:59Z"},
        [],
        "{broken",
        '{"mobile": 1',
    ],
)
def test_bad_input_is_a_clear_refusal(program: Program, body: Any) -> None:
    answer = program.post("leads", body)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]
    assert not Submission.objects.exists()


def test_a_body_larger_than_allowed_is_refused_as_json(program: Program, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = program.post("leads", {"mobile": "13812345678", "message": "x" * 2000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_what_does_not_fit_the_schema_is_named_in_the_callers_language(api_key: tuple[ApiKey, str]) -> None:
    body = {
        "mobile": ["1"],
        "phone": "1",
        "consent": {"privacy": "maybe"},
        "occurred_at": "2026-02-30T10:00:00Z",
    }
    assert problems(Program(api_key[1], "en").post("leads", body)) == {
        "mobile": "This has to be text.",
        "phone": "There is no such field.",
        "consent.privacy": "This has to be true or false.",
        "occurred_at": "There is no such moment.",
    }
    answer = Program(api_key[1], "en").post("leads", "{broken")
    assert answer.json()["error"] == {"code": "bad_request", "message": "The body is not JSON.", "fields": []}


def test_numbers_count_as_text_and_broken_characters_are_dropped(program: Program) -> None:
    answer = program.post(
        "leads", '{"mobile": 13812345678, "name": "a\\u0000\\ud83d🎉", "fields": {"n": 1.5}}'
    )
    assert answer.status_code == 202
    assert Submission.objects.get().data == {"mobile": "13812345678", "name": "a🎉", "n": "1.5"}


def test_a_past_moment_is_kept(program: Program) -> None:
    program.post("leads", {**LEAD, "occurred_at": "2026-03-01T10:00:00+08:00"})
    assert Fact.objects.get(kind="form.submitted").occurred_at == datetime(2026, 3, 1, 2, tzinfo=UTC)


def test_a_form_lends_its_checks_campaign_and_product(program: Program, form: Form) -> None:
    campaign = campaigns.create_campaign(
        name="Spring", code="", channel=Channel.objects.get(code="events"), actor="user:1", now=NOW
    )
    Form.objects.update(campaign=campaign, product="Lake", purpose="webinar")
    assert set(problems(program.post("leads", {"mobile": "13812345678", "form": "demo"}))) == {
        "name",
        "consent.privacy",
    }
    answer = program.post("leads", {**LEAD, "form": "demo", "fields": {"interest": "lake"}})
    assert answer.status_code == 202
    payload = Fact.objects.get(kind="form.submitted").payload
    assert (payload["campaign_id"], payload["product"], payload["purpose"], payload["form_version"]) == (
        campaign.pk,
        "Lake",
        "webinar",
        1,
    )
    assert payload["data"]["interest"] == "lake"


def test_a_batch_answers_for_every_row(program: Program) -> None:
    rows = [LEAD, {"name": "nobody"}, {"email": "a@b.cn"}, "row", {"mobile": "1", "zip": "x"}]
    answer = program.post("leads/batch", {"leads": rows}, key="file-1")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["accepted"], body["known"], body["invalid"]) == (2, 0, 3)
    assert [each["status"] for each in body["results"]] == [
        "accepted",
        "invalid",
        "accepted",
        "invalid",
        "invalid",
    ]
    assert [problem["field"] for problem in body["results"][1]["problems"]] == ["mobile"]
    assert [problem["field"] for problem in body["results"][4]["problems"]] == ["zip"]
    again = program.post("leads/batch", {"leads": rows}, key="file-1").json()
    assert (again["accepted"], again["known"]) == (0, 2)
    assert Submission.objects.count() == Fact.objects.filter(kind="form.submitted").count() == 2


def test_a_thousand_rows_take_a_bounded_number_of_queries(program: Program) -> None:
    rows = [{"mobile": f"138{n:08}", "name": f"李{n}"} for n in range(1000)]
    with CaptureQueriesContext(connection) as queried:
        body = program.post("leads/batch", {"leads": rows}).json()
    assert body["accepted"] == 1000
    assert len(queried) <= 14
    too_many = program.post("leads/batch", {"leads": [*rows, LEAD]})
    assert (too_many.status_code, too_many.json()["error"]["code"]) == (413, "too_large")


def test_a_busy_program_has_to_wait(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PER_KEY", 2)
    assert [program.post("leads", LEAD).status_code for _ in range(3)] == [202, 202, 429]


def test_what_became_of_a_submission(program: Program, no_outcomes: None) -> None:
    pk = program.post("leads", LEAD).json()["submission_id"]
    queries._outcome_finder.clear()
    assert program.get(f"submissions/{pk}").json()["state"] == "pending"
    register_outcomes(lambda ids: {ids[0]: Outcome("quarantined", None, ("test_submission",))})
    body = program.get(f"submissions/{pk}").json()
    assert (body["id"], body["state"], body["lead_id"], body["reasons"]) == (
        pk,
        "quarantined",
        None,
        ["test_submission"],
    )
    assert program.get("submissions/999999999").status_code == 404


def test_forms_and_campaigns_are_listed(program: Program, form: Form) -> None:
    campaigns.create_campaign(
        name="春季",
        code="spring",
        channel=Channel.objects.get(code="kol"),
        starts_on=NOW.date(),
        actor="user:1",
        now=NOW,
    )
    assert program.get("forms").json() == [
        {
            "slug": "demo",
            "name": "Demo",
            "purpose": "contact",
            "product": "",
            "published": True,
            "campaign": None,
        }
    ]
    assert program.get("campaigns").json() == [
        {
            "code": "spring",
            "name": "春季",
            "channel": "kol",
            "state": "running",
            "utm_source": "",
            "utm_medium": "",
            "starts_on": "2026-03-09",
            "ends_on": None,
        }
    ]


def test_the_reference_describes_every_route(client: Client) -> None:
    schema = client.get("/api/openapi.json").json()
    paths = {path for path in schema["paths"] if path.startswith("/api/v1/")}
    assert {"/api/v1/leads", "/api/v1/leads/batch", "/api/v1/submissions/{submission_id}"} <= paths
    post = schema["paths"]["/api/v1/leads"]["post"]
    errors = {"400", "401", "403", "405", "409", "413", "422", "429", "500"}
    assert set(post["responses"]) == {"202", *errors}
    assert [each["name"] for each in post["parameters"]] == ["Idempotency-Key"]
    assert schema["components"]["schemas"]["LeadIn"]["example"]["name"] == "李娜"


def test_a_time_far_in_the_past_is_no_problem(program: Program) -> None:
    moment = datetime.now(UTC) - timedelta(days=700)
    assert program.post("leads", {**LEAD, "occurred_at": moment.isoformat()}).status_code == 202
    assert Fact.objects.get(kind="form.submitted").occurred_at == moment


def test_the_examples_of_the_guide_work(program: Program) -> None:
    guide = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    examples = re.findall(r'\$HUOJU/api/v1/([\w/]+)"(?:(?!curl).)*?-d \'(\{.*?\})\'', guide, re.DOTALL)
    examples = [
        (path, body) for path, body in examples if path.startswith("leads")
    ]  # the other rooms test theirs
    assert [path for path, _body in examples] == ["leads", "leads/batch"]
    assert [program.post(path, body).status_code for path, body in examples] == [202, 200]
