"""The editor and the pages around it, as the server answers them."""

import csv
import io
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huoju.acquire.forms import operations, queries
from huoju.acquire.forms.models import Form, FormVersion, Submission
from huoju.acquire.forms.policy.definition import parse
from huoju.acquire.forms.starters import starter
from huoju.core.access.models import User
from huoju.core.access.operations import create_user
from huoju.core.access.policy import Role

from .conftest import DEFINITION, NOW, Send, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def mia(marketer: User) -> Client:
    """A browser with somebody from marketing signed in."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(marketer)
    return client


def post(client: Client, form: Form, definition: Any, *, based_on: int = 1, **settings: Any) -> Any:
    data = {
        "name": form.name,
        "slug": form.slug,
        "purpose": form.purpose,
        "campaign": "",
        "product": "",
        "published": "on",
        "origins": "",
        "based_on": str(based_on),
        "definition": definition if isinstance(definition, str) else json.dumps(definition),
        **settings,
    }
    return client.post(f"/forms/{form.pk}/edit/", data)


def test_a_new_form_begins_with_the_fields_of_its_purpose(mia: Client) -> None:
    answer = mia.post("/forms/new/", {"name": "White paper Q3", "purpose": "download", "campaign": ""})
    form = Form.objects.get()
    assert answer["Location"] == f"/forms/{form.pk}/edit/"
    assert form.slug == "white-paper-q3"
    definition = queries.definition_of(queries.latest_version(form))
    assert [field.key for field in definition.fields] == ["name", "email", "company", "title", "mobile"]
    assert [(box.purpose.value, box.required) for box in definition.consents] == [
        ("privacy", True),
        ("marketing", False),
    ]


def test_a_chinese_name_gets_an_address_too(mia: Client) -> None:
    for _ in range(2):
        mia.post("/forms/new/", {"name": "官网试用", "purpose": "trial", "campaign": ""})
    slugs = sorted(Form.objects.values_list("slug", flat=True))
    assert slugs[0] == "trial"
    assert slugs[1].startswith("trial-")


@pytest.mark.parametrize("purpose", Form.Purpose.values)
def test_every_starter_is_a_valid_definition(purpose: str) -> None:
    definition = starter(purpose)
    assert parse(definition.as_json()) == definition


def test_saving_makes_a_version_only_when_something_changed(mia: Client, form: Form) -> None:
    assert post(mia, form, DEFINITION, name="Renamed").status_code == 303
    assert FormVersion.objects.count() == 1
    changed = {**DEFINITION, "title": {"zh": "联系我们", "en": "Talk"}}
    assert (
        post(mia, form, changed, origins="https://www.example.com/\nhttp://localhost:3000").status_code == 303
    )
    form.refresh_from_db()
    assert queries.latest_version(form).number == 2
    assert form.allowed_origins == ["http://localhost:3000", "https://www.example.com"]


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(mia: Client, form: Form) -> None:
    broken = {"fields": [{"kind": "text", "key": "Bad Key", "label": {"zh": "预算", "en": "Budget"}}]}
    answer = post(mia, form, broken, name="Kept")
    assert answer.status_code == 422
    assert "Field 1: A key has lower-case letters" in answer.text
    assert 'value="预算"' in answer.text
    assert 'value="Kept"' in answer.text
    assert FormVersion.objects.count() == 1


@pytest.mark.parametrize(
    "definition", ["", "{", "[]", "null", '"x"', '{"fields": [1, {"label": 3, "options": [4]}]}']
)
def test_nonsense_in_place_of_a_definition_is_refused(mia: Client, form: Form, definition: str) -> None:
    assert post(mia, form, definition).status_code == 422
    assert mia.post(f"/forms/{form.pk}/preview/", {"definition": definition}).status_code == 200
    assert FormVersion.objects.count() == 1


def test_two_people_do_not_overwrite_each_other(mia: Client, form: Form) -> None:
    assert post(mia, form, {**DEFINITION, "title": "Mine"}).status_code == 303
    late = post(mia, form, {**DEFINITION, "title": "Late"})
    assert late.status_code == 422
    assert "Somebody else saved" in late.text
    assert [version.definition["title"]["en"] for version in queries.list_versions(form)] == ["Mine", ""]


def test_settings_are_checked(mia: Client, form: Form) -> None:
    answer = post(mia, form, DEFINITION, origins="https://a.com; script-src *")
    assert answer.status_code == 422
    assert "Not an origin" in answer.text
    assert post(mia, form, DEFINITION, slug="").status_code == 422
    with pytest.raises(ValidationError):
        operations.create_form(
            settings=operations.FormSettings(name="Twice", slug="demo"),
            definition=parse(DEFINITION),
            created_by_id=None,
            now=NOW,
        )


def test_the_preview_shows_the_chosen_language(mia: Client, form: Form) -> None:
    data = {"definition": json.dumps(DEFINITION), "preview_language": "zh-hans", "purpose": "trial"}
    assert "您的姓名" in mia.post(f"/forms/{form.pk}/preview/", data).text
    assert "Your name" in mia.post(f"/forms/{form.pk}/preview/", {**data, "preview_language": "en"}).text


def test_an_old_version_can_be_shown_again(mia: Client, form: Form) -> None:
    post(mia, form, {**DEFINITION, "title": "Second"})
    assert "Your name" in mia.get(f"/forms/{form.pk}/versions/1/").text
    assert mia.get(f"/forms/{form.pk}/versions/7/").status_code == 404
    mia.post(f"/forms/{form.pk}/versions/1/restore/")
    latest = queries.latest_version(form)
    assert (latest.number, latest.definition["title"]) == (3, {"zh": "", "en": ""})
    mia.post(f"/forms/{form.pk}/versions/3/restore/")
    assert FormVersion.objects.count() == 3


def test_sales_people_do_not_edit_forms(form: Form) -> None:
    user, _password = create_user(username="sam", name="Sam", role=Role.SALES, actor=None, now=NOW)
    client = Client()
    client.force_login(user)
    for path in ("/forms/", f"/forms/{form.pk}/", f"/forms/{form.pk}/edit/", "/forms/submissions/"):
        assert client.get(path).status_code == 403


def test_the_pages_show_what_came_in(mia: Client, form: Form, send: Send) -> None:
    send(f_message="=1+1\nsecond", f_interest="lake", f_region="31", utm_source="wechat", c_marketing="yes")
    submission = Submission.objects.get()
    assert "138 1234 5678" in mia.get("/forms/submissions/").text
    page = mia.get(f"/forms/{form.pk}/").text
    assert 'src="http://localhost:8000/embed/demo.js"' in page.replace("&quot;", '"')
    assert "138 1234 5678" in page
    detail = mia.get(f"/forms/submissions/{submission.pk}/").text
    for text in ("Data lake", "Shanghai", "=1+1<br>second", "wechat", "News, please"):
        assert text in detail
    response = mia.get("/forms/submissions/?export=csv")
    rows = list(csv.reader(io.StringIO(b"".join(response).decode("utf-8-sig"))))
    assert len(rows) == 2
    assert dict(zip(rows[0], rows[1], strict=True))["How can we help?"] == "'=1+1\nsecond"


def test_the_lists_take_a_bounded_number_of_queries(mia: Client, form: Form, send: Send) -> None:
    def counted(path: str) -> int:
        mia.get(path)
        with CaptureQueriesContext(connection) as queried:
            assert mia.get(path).status_code == 200
        return len(queried)

    send(token=token_for(form, nonce="first"))
    before = {path: counted(path) for path in ("/forms/submissions/", f"/forms/{form.pk}/", "/forms/")}
    for n in range(8):
        send(token=token_for(form, nonce=f"n{n}"))
    for path, count in before.items():
        assert counted(path) == count, path
        assert count <= 14
