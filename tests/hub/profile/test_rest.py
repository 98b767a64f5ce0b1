"""People over the API."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope
from huoju.hub.identity.models import Alias
from huoju.hub.profile import operations
from huoju.hub.profile.models import TagAssignment
from huoju.qualify.leads.facts import LeadTouched
from tests.qualify.factory import days_ago, make_lead, make_user, tell

pytestmark = pytest.mark.django_db


class Api:
    """The API with a key of some scopes."""

    def __init__(self, client: Client, *scopes: ApiScope) -> None:
        admin = make_user("admin", role="admin", language="en")
        _key, secret = create_api_key(name="test", scopes=list(scopes), actor=admin, now=timezone.now())
        self.client, self.headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        call = getattr(self.client, method)
        more = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = call(f"/api/v1/people/{path}", headers=self.headers, **more)
        assert answer.status_code == status, answer.content.decode()
        return answer.json()


@pytest.fixture
def api(client: Client) -> Api:
    return Api(client, ApiScope.PEOPLE_READ, ApiScope.PEOPLE_WRITE)


def test_a_profile_with_fields_traits_and_tags(api: Api) -> None:
    old, new = make_lead(title="CTO", stage="mql"), make_lead(stage="won", captured_at=days_ago(-1))
    Alias.objects.create(person=new.person, profile=old.person)
    vip = operations.save_tag(tag_id=None, values={"name": "VIP"}, actor="x", now=timezone.now())
    operations.tag_batch([new.person.pk], tag_id=vip.pk, source="hand", actor="x", now=timezone.now())
    found = api("get", f"{new.person.pk}")
    assert (found["id"], found["members"]) == (old.person.pk, [old.person.pk, new.person.pk])
    assert (found["fields"]["title"]["value"], found["fields"]["title"]["why"]) == ("CTO", "first")
    assert (found["traits"]["lead.stage"], found["traits"]["company.name"]) == ("won", "Acme 数据")
    assert [tag["name"] for tag in found["tags"]] == ["VIP"]
    api("get", "999999", status=404)


def test_the_timeline_pages(api: Api) -> None:
    known = make_lead(fact=False)
    for day in range(5):
        tell(LeadTouched(lead_id=known.lead.pk, via="form"), person=known.person, at=days_ago(day))
    first = api("get", f"{known.person.pk}/timeline?limit=3")
    second = api("get", f"{known.person.pk}/timeline?limit=3&before={first['next'].replace('+', '%2B')}")
    assert (len(first["facts"]), len(second["facts"]), second["next"]) == (3, 2, "")
    assert {fact["kind"] for fact in second["facts"]} == {"lead.touched"}
    api("get", f"{known.person.pk}/timeline?before=x", status=422)


def test_fields_are_set_as_if_by_hand(api: Api) -> None:
    known = make_lead(title="Engineer")
    answer = api("patch", f"{known.person.pk}", {"title": "Chief", "mobile": "13651087243"})
    assert (answer["fields"]["title"]["value"], answer["fields"]["title"]["source"]) == ("Chief", "hand")
    assert answer["fields"]["mobile"]["value"] == "+8613651087243"
    assert (
        api("patch", f"{known.person.pk}", {"mobile": "12"}, status=422)["error"]["fields"][0]["field"]
        == "mobile"
    )
    api("patch", f"{known.person.pk}", {"shoe": "42"}, status=422)


def test_tags_in_bulk(api: Api) -> None:
    one, two = make_lead().person.pk, make_lead().person.pk
    operations.save_tag(tag_id=None, values={"name": "VIP"}, actor="x", now=timezone.now())
    assert api("post", "tag", {"people": [one, two], "tag": "VIP"}) == {"changed": 2}
    assert api("post", "tag", {"people": [one], "tag": "VIP"}) == {"changed": 0}
    assert api("post", "untag", {"people": [one], "tag": "VIP"}) == {"changed": 1}
    assert [row.person_id for row in TagAssignment.objects.all()] == [two]
    api("post", "tag", {"people": [one], "tag": "nothing"}, status=422)


def test_reading_is_not_writing(client: Client) -> None:
    api, known = Api(client, ApiScope.PEOPLE_READ), make_lead()
    api("get", f"{known.person.pk}")
    api("patch", f"{known.person.pk}", {"title": "x"}, status=403)
    api("post", "tag", {"people": [], "tag": "x"}, status=403)
