"""Companies over the API."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope, Role
from huoju.hub.companies import operations
from huoju.hub.companies.models import Company

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Api:
    """A program with a key of these scopes."""

    def __init__(self, client: Client, *scopes: ApiScope) -> None:
        admin = User.objects.create_user("admin", role=Role.ADMIN)
        _key, secret = create_api_key(name="test", scopes=list(scopes), actor=admin, now=timezone.now())
        self.client, self.headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        send = getattr(self.client, method)
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = send(f"/api/v1/companies{path}", headers=self.headers, **more)
        return answer.status_code, answer.json()


@pytest.fixture
def api(client: Client) -> Api:
    return Api(client, ApiScope.LEADS_READ, ApiScope.LEADS_WRITE)


def make(name: str, **fields: Any) -> int:
    return Company.objects.create(name=name, key=name, created_at=NOW, **fields).pk


def test_pages_and_filters(api: Api) -> None:
    one, two, three = (
        make("深圳火炬软件有限公司", region="4403"),
        make("b", region="31"),
        make("c", industry="games"),
    )
    operations.add_domain(company_id=one, domain="huoju.cn", actor="user:1", now=NOW)
    operations.study_all(now=NOW)
    status, told = api("get", "?limit=2")
    assert (status, [each["id"] for each in told["companies"]], told["after"]) == (200, [one, two], two)
    assert (told["companies"][0]["brand"], told["companies"][0]["domains"]) == ("火炬", ["huoju.cn"])
    _, rest = api("get", f"?after={two}")
    assert ([each["id"] for each in rest["companies"]], rest["after"]) == ([three], None)
    for question, found in (("region=44", [one]), ("industry=games", [three]), ("q=huoju", [one])):
        assert [each["id"] for each in api("get", f"?{question}")[1]["companies"]] == found


def test_set_merge_and_take_back(api: Api) -> None:
    one, two = make("a"), make("b", uscc="91440300708461136T")
    status, told = api("patch", f"/{one}", {"region": "4403", "size": "20-99"})
    assert (status, told["region"], told["size"], told["parent_id"]) == (200, "4403", "20-99", None)
    assert told["origins"]["region"].startswith("api:")
    status, done = api("post", f"/{one}/merge", {"into_id": two, "reason": "one"})
    assert (status, done["company"]["id"], done["company"]["merged_ids"]) == (200, two, [one])
    assert api("get", f"/{one}")[1]["id"] == two
    assert api("post", f"/{one}/merge", {"into_id": two})[1]["error"]["code"] == "merged_already"
    assert api("delete", f"/merges/{done['merge_id']}")[1]["id"] == one
    assert api("get", f"/{one}")[1]["id"] == one


def test_what_is_wrong_is_said(api: Api) -> None:
    one = make("a")
    assert api("get", "/0")[0] == 404
    assert api("delete", "/merges/0")[0] == 404
    assert api("post", f"/{one}/merge", {"into_id": 10**9})[0] == 404
    assert api("patch", f"/{one}", {"parent_id": 10**9})[0] == 404
    assert api("patch", f"/{one}", {"parent_id": one})[1]["error"]["code"] == "circle"
    assert api("patch", f"/{one}", {"uscc": "1"})[1]["error"]["code"] == "wrong_number"
    for body in ({"region": "x"}, {"industry": "x"}, {"size": "x"}, {"key": "x"}):
        assert api("patch", f"/{one}", body)[0] == 422


def test_reading_is_not_writing(client: Client) -> None:
    api = Api(client, ApiScope.LEADS_READ)
    one = make("a")
    assert api("get", f"/{one}")[0] == 200
    assert api("patch", f"/{one}", {"size": ""})[0] == 403
