"""One ID over the API."""

import pytest
from django.test import Client
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope, Role
from huoju.hub.identity.models import Merge
from huoju.hub.identity.operations import propose_batch
from huoju.hub.identity.policy import Evidence, Method, Suggestion
from tests.hub.identity.people import NOW, person, persons, unionid

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/merges"


def headers(*scopes: ApiScope) -> dict[str, str]:
    admin = User.objects.create_user("admin", role=Role.ADMIN)
    _key, secret = create_api_key(name="test", scopes=list(scopes), actor=admin, now=timezone.now())
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def key() -> dict[str, str]:
    return headers(ApiScope.PEOPLE_READ, ApiScope.PEOPLE_WRITE)


def post(client: Client, path: str, data: object, key: dict[str, str]) -> tuple[int, dict[str, object]]:
    answer = client.post(f"{ROOT}{path}", data, content_type="application/json", headers=key)
    return answer.status_code, answer.json()


def test_merge_ask_and_undo(client: Client, key: dict[str, str]) -> None:
    one, two = persons(2)
    status, made = post(client, "", {"person_id": one, "into_id": two, "reason": "same badge"}, key)
    merge = Merge.objects.get()
    assert (status, made) == (200, {"merge_id": merge.pk, "profile_id": two})
    assert (merge.reason, merge.actor.partition(":")[0]) == ("same badge", "api_key")
    for each in (one, two):
        told = client.get(f"{ROOT}/profiles/{each}", headers=key).json()
        assert told == {"profile_id": two, "members": [two, one]}
    assert post(client, f"/{merge.pk}/undo", {}, key) == (200, {"undone": True})
    assert post(client, f"/{merge.pk}/undo", {}, key) == (200, {"undone": False})
    assert client.get(f"{ROOT}/profiles/{one}", headers=key).json()["profile_id"] == one


def test_the_queue_and_its_answers(client: Client, key: dict[str, str]) -> None:
    one, two, three = persons(3)
    pairs = [
        Suggestion(one, two, 0.8, (Evidence("name", "a", "b", weight=2.0),)),
        Suggestion(one, three, 0.9),
    ]
    first, second = propose_batch(pairs, method=Method.SPLINK, actor="test", source="test", now=NOW)
    queue = client.get(f"{ROOT}/proposals", headers=key).json()
    assert [(row["id"], row["score"], row["method"]) for row in queue] == [
        (second, 0.9, "splink"),
        (first, 0.8, "splink"),
    ]
    assert queue[1]["evidence"] == [
        {"field": "name", "left": "a", "right": "b", "level": "exact", "weight": 2.0}
    ]
    assert post(client, f"/proposals/{second}", {"answer": "later"}, key) == (200, {"merge_id": None})
    status, made = post(client, f"/proposals/{first}", {"answer": "same", "keep": two}, key)
    assert (status, made["merge_id"]) == (200, Merge.objects.get(person_id=one, into_id=two).pk)
    assert post(client, f"/proposals/{second}", {"answer": "different"}, key) == (200, {"merge_id": None})
    assert client.get(f"{ROOT}/proposals", headers=key).json() == []
    assert post(client, f"/proposals/{first}", {"answer": "different"}, key)[0] == 409


def test_what_forbids_a_merge_is_told(client: Client, key: dict[str, str]) -> None:
    one, two = person(unionid("union-left")), person(unionid("union-right"))
    status, told = post(client, "", {"person_id": one, "into_id": two}, key)
    assert status == 409
    assert isinstance(told["error"], dict)
    assert told["error"]["code"] == "blocked"
    assert "union-right" in told["error"]["message"]


def test_what_is_not_there_and_what_is_not_allowed(client: Client) -> None:
    read = headers(ApiScope.PEOPLE_READ)
    one, two = persons(2)
    assert client.get(f"{ROOT}/profiles/99999", headers=read).status_code == 404
    assert post(client, "", {"person_id": one, "into_id": two}, read)[0] == 403
    assert client.get(f"{ROOT}/proposals").status_code == 401
