"""The pages and the API of segments."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from huoju.core.access.models import User
from huoju.core.access.operations import create_api_key
from huoju.core.access.policy import ApiScope, Role
from huoju.core.jobs import run_waiting
from huoju.hub.identity.models import Person
from huoju.hub.segments import engines
from huoju.hub.segments.models import PersonList, Segment

from .test_membership import people, segment, tell, visit

pytestmark = pytest.mark.django_db
VISITED = {"type": "fact", "fact": "segment_test.visited"}


def test_a_segment_is_defined_counted_saved_and_shown(marketing: Client) -> None:
    """From the preview to the list of members and its file."""
    first, _second = people(2)
    Person.objects.filter(pk=first).update(name="李娜")
    tell(visit(first))
    definition = json.dumps({"version": 1, "where": VISITED})
    seen = marketing.post("/segments/preview/", {"definition": definition}).content.decode()
    assert "李娜" in seen
    assert "<strong>1</strong>" in seen
    assert "“Visited” at least 1 time" in seen
    answer = marketing.post(
        "/segments/new/", {"name": "Visitors", "description": "", "definition": definition}
    )
    made = Segment.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/segments/{made.pk}/")
    run_waiting()
    for page in (f"/segments/{made.pk}/", "/segments/", f"/segments/{made.pk}/edit/"):
        assert "Visitors" in marketing.get(page).content.decode()
    assert "李娜" in marketing.get(f"/segments/{made.pk}/").content.decode()
    assert "李娜" not in marketing.get(f"/segments/{made.pk}/?at=2020-01-01").content.decode()
    rows = b"".join(marketing.get(f"/segments/{made.pk}/?export=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert rows.count("李娜") == 1
    assert marketing.get(f"/segments/{made.pk}/growth/").status_code == 200
    assert "Version 1" in marketing.get(f"/segments/{made.pk}/versions/").content.decode()


def test_a_wrong_definition_comes_back_with_its_place(marketing: Client) -> None:
    """In the page, and in the preview."""
    wrong = {"where": {"type": "all", "of": [VISITED, {"type": "trait", "trait": "gone.room", "value": "x"}]}}
    for path in ("/segments/new/", "/segments/preview/"):
        answer = marketing.post(path, {"name": "S", "definition": json.dumps(wrong)})
        assert "Condition 2:" in answer.content.decode()
        assert "There is no trait “gone.room” (any more)." in answer.content.decode()
    assert not Segment.objects.exists()


def test_what_others_are_built_on_stays(marketing: Client) -> None:
    """Neither archived nor deleted; alone it can be both."""
    inner = segment(VISITED, "inner")
    outer = segment({"type": "segment", "segment": inner.pk}, "outer")
    marketing.post(f"/segments/{inner.pk}/archive/", {"archived": "1"})
    inner.refresh_from_db()
    assert not inner.archived
    marketing.post(f"/segments/{outer.pk}/archive/", {"archived": "1"})
    marketing.post(f"/segments/{outer.pk}/delete/")
    assert list(Segment.objects.all()) == [inner]


def test_lists_are_made_of_segments_and_of_files(marketing: Client) -> None:
    """What names nobody is said."""
    first, second = people(2)
    tell(visit(first))
    made = segment(VISITED)
    marketing.post(f"/segments/{made.pk}/freeze/")
    frozen = PersonList.objects.get()
    assert (frozen.people, frozen.name.startswith("S ")) == (1, True)
    file = SimpleUploadedFile("people.csv", f"{second},x\nnobody@nowhere.cn\n".encode())
    answer = marketing.post("/segments/lists/new/", {"name": "Upload", "file": file})
    assert "nobody@nowhere.cn" in marketing.get(answer["Location"]).content.decode()
    assert PersonList.objects.get(name="Upload").people == 1
    assert marketing.get("/segments/lists/").status_code == 200


def test_sales_people_may_not(client: Client) -> None:
    """Segments are marketing's."""
    user = User.objects.create_user(username="s", email="s@x.cn", password="x", role=Role.SALES)
    client.force_login(user)
    assert client.get("/segments/").status_code == 403


def test_programs_define_and_read_segments(client: Client) -> None:
    """Schema, making, counting, members, errors."""
    (person,) = people(1)
    tell(visit(person))
    admin = User.objects.create_user(username="a", email="a@x.cn", password="x", role=Role.ADMIN)
    _key, secret = create_api_key(name="k", scopes=[ApiScope.SEGMENTS], actor=admin, now=timezone.now())
    auth: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {secret}"},
        "content_type": "application/json",
    }
    assert client.get("/api/v1/segments/schema").json()["title"] == "Huoju segment"
    body = {"name": "API", "definition": {"where": VISITED}}
    assert client.post("/api/v1/segments/count", body, **auth).json() == {
        "count": 1,
        "estimated": False,
        "sample": [person],
    }
    made = client.post("/api/v1/segments", body, **auth)
    assert made.status_code == 201
    run_waiting()
    pk = made.json()["id"]
    assert client.get(f"/api/v1/segments/{pk}", **auth).json()["people"] == 1
    members = client.get(f"/api/v1/segments/{pk}/members", **auth).json()
    assert [row["person_id"] for row in members["members"]] == [person]
    bad = client.post(
        "/api/v1/segments", {"name": "B", "definition": {"where": {"type": "segment", "segment": 0}}}, **auth
    )
    assert bad.status_code == 422
    outside = {"type": "trait", "trait": "company.size", "op": "is", "value": "huge"}
    for path in ("/api/v1/segments", "/api/v1/segments/count"):
        bad = client.post(path, {"name": "B", "definition": {"where": outside}}, **auth)
        (fault,) = bad.json()["error"]["fields"]
        assert (bad.status_code, fault["message"].startswith("这里没有值“huge”，可用的值：")) == (
            422,
            True,
        )
    assert Segment.objects.count() == 1


def test_what_cannot_be_is_refused_in_the_users_language(client: Client) -> None:
    """Circles, directly and through others; a segment and a list that others need; what is no definition at all."""
    user = User.objects.create_user(
        username="m", email="m@x.cn", password="x", role=Role.MARKETING, language="zh-hans"
    )
    client.force_login(user)
    inner = segment(VISITED, "内层")
    outer = segment({"type": "not", "of": {"type": "segment", "segment": inner.pk}}, "外层")
    over = segment({"type": "any", "of": [{"type": "segment", "segment": outer.pk}, VISITED]}, "最外层")
    listed = PersonList.objects.create(name="名单", created_at=timezone.now())
    segment({"type": "list", "list": listed.pk}, "用名单")

    def save(definition: str) -> str:
        answer = client.post(f"/segments/{inner.pk}/edit/", {"name": "内层", "definition": definition})
        assert answer.status_code == 422
        return answer.content.decode()

    def refer(pk: int) -> str:
        return json.dumps({"where": {"type": "segment", "segment": pk}})

    assert "分群不能引用自身。" in save(refer(inner.pk))
    assert "分群“最外层”引用了本分群，会形成循环。" in save(refer(over.pk))
    assert "不是有效的 JSON。" in save("{")
    assert "条件最多嵌套 8 层。" in save(json.dumps({"where": _nested(20)}))
    inner.refresh_from_db()
    assert inner.version == 1
    told = client.post(f"/segments/{inner.pk}/delete/", follow=True).content.decode()
    assert "其他分群引用了它：外层。" in told
    told = client.post(f"/segments/lists/{listed.pk}/delete/", follow=True).content.decode()
    assert "有分群使用此名单：用名单。" in told
    assert PersonList.objects.exists()


def _nested(depth: int) -> dict[str, Any]:
    return VISITED if depth == 0 else {"type": "not", "of": _nested(depth - 1)}


def test_where_people_are_many_the_count_is_estimated(
    marketing: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says so. All are drawn here, so the estimate is exact as far as the planner's statistics are."""
    first, second, third = people(3)
    tell(visit(first), visit(second))
    Person.objects.filter(pk=third).update(name="李娜")
    monkeypatch.setattr(engines, "_are_many", lambda: True)
    definition = json.dumps({"where": {"type": "not", "of": VISITED}})
    seen = marketing.post("/segments/preview/", {"definition": definition}).content.decode()
    assert "Estimated from 3 people drawn evenly." in seen
    assert "李娜" in seen
