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
from huoju.hub.segments.models import PersonList, Segment

from .test_membership import people, segment, tell, visit

pytestmark = pytest.mark.django_db
VISITED = {"type": "fact", "fact": "segment_test.visited"}


@pytest.fixture
def marketing(client: Client) -> Client:
    """Somebody who may define segments."""
    user = User.objects.create_user(
        username="m", email="m@x.cn", password="x", role=Role.MARKETING, language="en"
    )
    client.force_login(user)
    return client


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
    assert client.post("/api/v1/segments/count", body, **auth).json() == {"count": 1, "sample": [person]}
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
