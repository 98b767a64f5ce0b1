"""Merge review, the merge of any two, and past merges."""

import json
from typing import Any

import pytest
from django.test import Client

from huoju.core.access.models import User
from huoju.hub.identity.models import Alias, Merge, MergeProposal
from huoju.hub.identity.operations import propose_batch
from huoju.hub.identity.policy import Agreement, Evidence, Method, Suggestion
from huoju.hub.identity.queries import count_queue, list_queue
from tests.hub.identity.people import NOW, email, mobile, person, unionid
from tests.qualify.factory import make_user
from tests.races import count_queries

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def reviewer(client: Client) -> User:
    user = make_user("孙", role="marketing", language="en")
    client.force_login(user)
    return user


def propose(left: int, right: int, score: float = 0.9) -> MergeProposal:
    evidence = (Evidence("name", "李娜", "Li Na", Agreement.CLOSE, 4.2),)
    suggestion = Suggestion(left, right, score, evidence)
    propose_batch([suggestion], method=Method.SPLINK, actor="test", source="test", now=NOW)
    return MergeProposal.objects.get(left_id=left, right_id=right)


@pytest.fixture
def pair() -> tuple[int, int]:
    left = person(mobile(1), name="李娜", title="CTO", region="44")
    return left, person(email("li"), name="Li Na", region="44")


def events(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.headers["HX-Trigger"])
    return told


def test_only_who_may_merge_sees_it(client: Client, pair: tuple[int, int]) -> None:
    client.force_login(make_user("周", role="sales", language="en"))
    row = propose(*pair)
    for url in ("/people/merges/", f"/people/merges/{row.pk}/", "/people/merges/past/"):
        assert client.get(url).status_code == 403
    assert client.post(f"/people/merges/{row.pk}/same/").status_code == 403


def test_the_queue_opens_with_the_most_probable_and_its_evidence(
    client: Client, reviewer: User, pair: tuple[int, int]
) -> None:
    other = person(mobile(3), name="Other")
    propose(pair[1], other, 0.4)
    row = propose(*pair)
    html = client.get("/people/merges/").content.decode()
    assert html.index("李娜 = Li Na") < html.index("Li Na = Other")
    assert f"/people/merges/{row.pk}/same/" in html
    for text in ("+4.2", "Nearly the same", "+8613800000001", "li@acme.cn", "Guangdong", "90%"):
        assert text in html


def test_the_number_of_queries_does_not_depend_on_the_queue(
    client: Client, reviewer: User, pair: tuple[int, int]
) -> None:
    propose(*pair)
    client.get("/people/merges/")
    few = count_queries(lambda: client.get("/people/merges/"))
    others = [person(mobile(number), name=str(number)) for number in range(10, 20)]
    for other in others:
        propose(pair[0], other, 0.3)
    assert count_queries(lambda: client.get("/people/merges/")) <= few
    assert few <= 22


def test_merge_keeps_the_chosen_one_and_can_be_undone(
    client: Client, reviewer: User, pair: tuple[int, int]
) -> None:
    row = propose(*pair)
    answer = client.post(f"/people/merges/{row.pk}/same/", {"keep": pair[1]}, headers=HTMX)
    merge = Merge.objects.get()
    assert answer.status_code == 204
    assert events(answer)["toast"]["undo"] == f"/people/merges/past/{merge.pk}/undo/"
    assert "case-done" in events(answer)
    assert list(Alias.objects.values_list("person_id", "profile_id")) == [pair]
    assert merge.actor == f"user:{reviewer.pk}"
    assert client.post(f"/people/merges/{row.pk}/same/", headers=HTMX).status_code == 409
    assert client.post(f"/people/merges/past/{merge.pk}/undo/", headers=HTMX).status_code == 204
    assert not Alias.objects.exists()


def test_not_the_same_later_and_back(client: Client, reviewer: User, pair: tuple[int, int]) -> None:
    row = propose(*pair)
    first = propose(pair[0], person(mobile(3)), 0.5)
    client.post(f"/people/merges/{row.pk}/later/", headers=HTMX)
    assert [each.pk for each in list_queue(10)] == [first.pk, row.pk]
    answer = client.post(f"/people/merges/{row.pk}/different/", headers=HTMX)
    assert count_queue() == 1
    client.post(events(answer)["toast"]["undo"], headers=HTMX)
    assert count_queue() == 2
    assert client.post(f"/people/merges/{row.pk}/nonsense/", headers=HTMX).status_code == 404


def test_pairs_that_are_one_by_way_of_others_are_not_asked(
    client: Client, reviewer: User, pair: tuple[int, int]
) -> None:
    propose(*pair)
    third = person(mobile(3))
    for other in pair:
        client.post(f"/people/merges/of/{other}/with/{third}/", {"keep": third})
    assert (Alias.objects.count(), count_queue()) == (2, 0)


def test_disagreeing_identifiers_lock_the_merge_and_say_why(client: Client, reviewer: User) -> None:
    left, right = person(unionid("union-left")), person(unionid("union-right"))
    row = propose(left, right)
    html = client.get(f"/people/merges/{row.pk}/").content.decode()
    assert "WeChat UnionID differs (union-left, union-right)" in html
    assert 'data-hotkey="m"' not in html
    answer = client.post(f"/people/merges/{row.pk}/same/", headers=HTMX)
    assert (answer.status_code, Alias.objects.count()) == (409, 0)


def test_any_two_are_found_compared_and_merged(client: Client, reviewer: User, pair: tuple[int, int]) -> None:
    left, right = pair
    found = client.get(f"/people/merges/of/{left}/", {"q": "li@acme.cn"}).content.decode()
    assert f"/people/merges/of/{left}/with/{right}/" in found
    assert f"/with/{right}/" in client.get(f"/people/merges/of/{left}/", {"q": "Li"}).content.decode()
    assert f"/with/{right}/" in client.get(f"/people/merges/of/{left}/", {"q": f"#{right}"}).content.decode()
    assert "Nobody is known" in client.get(f"/people/merges/of/{left}/", {"q": "zzz"}).content.decode()
    page = client.get(f"/people/merges/of/{left}/with/{right}/").content.decode()
    assert "As one person" in page
    answer = client.post(
        f"/people/merges/of/{left}/with/{right}/", {"keep": left, "reason": "same badge"}, headers=HTMX
    )
    assert answer.status_code == 204
    assert list(Alias.objects.values_list("person_id", "profile_id")) == [(right, left)]
    past = client.get("/people/merges/past/").content.decode()
    for text in ("same badge", "Region", "孙", "Undo"):
        assert text in past
    assert "one person already" in client.get(f"/people/merges/of/{left}/with/{right}/").content.decode()


def test_nobody_there(client: Client, reviewer: User) -> None:
    for url in ("/people/merges/9999/", "/people/merges/of/9999/", "/people/merges/of/9999/with/8888/"):
        assert client.get(url).status_code == 404
    assert client.post("/people/merges/past/9999/undo/").status_code == 404
    assert "Nothing to decide" in client.get("/people/merges/").content.decode()
