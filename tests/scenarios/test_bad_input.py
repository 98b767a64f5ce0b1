"""What the world sends to the hub through its doors (API, public form, a page): clear answers, nothing broken."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from huoju.acquire.forms import operations as forms
from huoju.acquire.forms.policy.definition import parse
from huoju.acquire.forms.policy.tokens import Token, seal
from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key, create_user
from huoju.core.access.policy import ApiScope, Role
from huoju.core.facts import delivery
from huoju.hub.companies.models import Company
from huoju.hub.identity.models import Identifier, Person
from huoju.hub.identity.policy import KIND_RULES, IdentifierKind
from huoju.hub.segments.models import Segment
from huoju.qualify.intake.readers import INTAKE
from huoju.qualify.leads.models import Lead, Touch
from tests.races import committed_log

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STAGE = {"type": "trait", "trait": "lead.stage", "op": "is", "value": "won"}

type Call = Callable[..., Any]


@pytest.fixture
def admin(db: None) -> User:
    """An administrator."""
    user, _password = create_user(
        username="ada", name="Ada", role=Role.ADMIN, actor=None, now=NOW, language="en"
    )
    return user


@pytest.fixture
def call(admin: User) -> Call:
    """A program with a key for segments: `call("post", "/segments", name=…)`."""
    _key, secret = create_api_key(name="program", scopes=[ApiScope.SEGMENTS], actor=admin, now=NOW)
    client = Client(headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"})

    def call(method: str, path: str, body: Any) -> Any:
        return getattr(client, method)(f"/api/v1{path}", body, content_type="application/json")

    return call


def _nested(depth: int) -> dict[str, Any]:
    where: dict[str, Any] = STAGE
    for _ in range(depth):
        where = {"type": "not", "of": where}
    return where


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"where": None},
        {"where": []},
        {"where": {"type": "drop table"}},
        {"where": {**STAGE, "trait": "lead.shoe_size"}},
        {"where": {**STAGE, "op": "resembles"}},
        {"where": {**STAGE, "value": {"$gt": ""}}},
        {"where": {**STAGE, "surprise": 1}},
        {"where": {"type": "all", "of": "everybody"}},
        {"where": {"type": "fact", "fact": "activity.logged", "at_least": -1}},
        {"where": {"type": "fact", "fact": "activity.logged", "at_least": 3, "at_most": 1}},
        {"where": {"type": "fact", "fact": "activity.logged", "days": 10**12}},
        {"where": {"type": "sequence", "steps": []}},
        {"where": {"type": "segment", "segment": 999_999}},
        {"where": _nested(500)},
        {"where": {"type": "any", "of": [STAGE] * 5_000}},
    ],
)
def test_a_malformed_definition_is_refused_and_says_where(call: Call, definition: dict[str, Any]) -> None:
    for path in ("/segments", "/segments/count"):
        answer = call("post", path, {"name": "Odd", "definition": definition})
        assert answer.status_code == 422
        told = answer.json()
        faults = told.get("faults") or told["error"]
        assert faults
        assert "Traceback" not in answer.text
    assert not Segment.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", '"x"', '{"definition": 7}', "\x00", "NaN"])
def test_a_body_that_is_no_object_is_refused(call: Call, body: str) -> None:
    answer = call("post", "/segments", body)
    assert answer.status_code in (400, 422)
    told = answer.json()
    assert told.get("faults") or told["error"]["message"]
    assert not Segment.objects.exists()


def test_a_segment_cannot_come_to_stand_on_itself(call: Call) -> None:
    first = call("post", "/segments", {"name": "First", "definition": {"where": STAGE}}).json()["id"]
    on_first = {"where": {"type": "segment", "segment": first}}
    second = call("post", "/segments", {"name": "Second", "definition": on_first}).json()["id"]
    for circle in (first, second):
        definition = {"where": {"type": "segment", "segment": circle}}
        answer = call("patch", f"/segments/{first}", {"definition": definition})
        assert answer.status_code == 422
        assert answer.json()["error"]["fields"]
    assert Segment.objects.get(pk=first).version == 1


def test_companies_cannot_be_made_a_ring_by_their_pages(admin: User) -> None:
    client = Client()
    client.force_login(admin)
    head, middle, leaf = (
        Company.objects.create(name=name, key=name, created_at=NOW)
        for name in ("火炬集团", "火炬华东", "火炬上海")
    )

    def put_under(company: Company, parent: Company) -> Any:
        return client.post(
            f"/companies/{company.pk}/edit/", {"name": company.name, "parent": f"#{parent.pk}"}
        )

    assert put_under(middle, head).status_code == 303
    assert put_under(leaf, middle).status_code == 303
    answer = put_under(head, leaf)
    assert answer.status_code == 422
    assert "circle" in answer.text
    head.refresh_from_db()
    assert head.parent_id is None


def test_one_mobile_with_many_mail_boxes_through_the_public_form(
    transactional_db: None,
) -> None:
    """A prank or an agency: every submission is taken, one person does not swallow everybody."""
    limit = KIND_RULES[IdentifierKind.EMAIL].max_per_person
    sent = limit + 5
    with committed_log(NOW):
        form = forms.create_form(
            settings=forms.FormSettings(name="Demo", slug="demo", allowed_origins=[]),
            definition=parse(
                {"fields": [{"kind": "name"}, {"kind": "mobile"}, {"kind": "email"}], "consents": []}
            ),
            created_by_id=None,
            now=NOW,
        )
        for number in range(sent):
            opened = datetime.now(UTC) - timedelta(seconds=30)
            token = seal(Token(form.pk, 1, opened, f"n{number}"), settings.SECRET_KEY.encode())
            answer = Client(REMOTE_ADDR=f"203.0.113.{number}").post(
                "/f/demo/",
                {
                    "token": token,
                    "f_name": "李娜",
                    "f_mobile": "136 5108 7243",
                    "f_email": f"li.na.{number}@yuntu-data.cn",
                },
            )
            assert answer.status_code in (200, 302, 303)
        delivery.drain([INTAKE], horizon="own")
    owner = Identifier.objects.get(kind="mobile").person_id
    assert Identifier.objects.filter(person_id=owner, kind="email").count() == limit
    # Nothing is lost: each submission is a lead or a touch of one, and the others are persons of their own.
    assert Touch.objects.count() == sent
    assert Person.objects.count() == Lead.objects.count() == sent - limit + 1
