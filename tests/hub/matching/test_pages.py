"""The page of the same-person search."""

from datetime import timedelta

import pytest
from django.test import Client

from huoju.hub.identity.models import MergeProposal
from huoju.hub.identity.operations import propose_batch
from huoju.hub.identity.policy import Method, Suggestion
from huoju.hub.matching import running
from huoju.hub.matching.models import MatchingRun, RunState
from huoju.hub.matching.queries import MODELS
from tests.hub.identity.people import NOW, persons
from tests.qualify.factory import make_user

pytestmark = pytest.mark.django_db
URL = "/people/matching/"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("王", role="admin", language="en"))
    return client


def decided(scores: list[tuple[float, bool]]) -> None:
    ids = persons(len(scores) * 2)
    pairs = [Suggestion(ids[2 * at], ids[2 * at + 1], score) for at, (score, _same) in enumerate(scores)]
    made = propose_batch(pairs, method=Method.SPLINK, actor="test", source="test", now=NOW)
    for id_, (_score, same) in zip(made, scores, strict=True):
        decision = "merged" if same else "different"
        MergeProposal.objects.filter(pk=id_ or 0).update(
            decided_at=NOW, decision=decision, decided_by="user:1"
        )


def test_an_empty_page_says_what_the_search_does(admin: Client) -> None:
    page = admin.get(URL).content.decode()
    assert "Nothing searched yet" in page
    assert "Search now" in page
    assert "no decisions yet" in page


def test_it_takes_the_right_to_merge(client: Client) -> None:
    client.force_login(make_user("李", role="sales"))
    assert client.get(URL).status_code == 403
    assert client.post(f"{URL}search/").status_code == 403
    assert client.post(f"{URL}threshold/", {"threshold": "70"}).status_code == 403


def test_a_search_is_asked_for_and_its_progress_shown(admin: Client) -> None:
    assert admin.post(f"{URL}search/").status_code == 303
    run = MatchingRun.objects.get()
    assert (run.state, run.train) == (RunState.WAITING, False)
    assert "hj-progress" in admin.get(URL).content.decode()
    assert admin.get(f"{URL}{run.pk}/progress/", headers={"HX-Request": "true"}).status_code == 200
    refusal = admin.post(f"{URL}search/", headers={"HX-Request": "true"})
    assert refusal.status_code == 409
    MatchingRun.objects.update(state=RunState.DONE, persons=1234, candidates=99, suggested=7, above=7)
    assert admin.get(f"{URL}{run.pk}/progress/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == URL
    page = admin.get(URL).content.decode()
    assert "1,234" in page
    assert "The last search found 7 likely pairs." in page
    assert admin.get(f"{URL}0/progress/").status_code == 404


def test_a_threshold_is_tried_on_decisions_and_then_used(
    admin: Client, django_assert_max_num_queries: object
) -> None:
    decided([(0.97, True)] * 30 + [(0.55, True), (0.55, False), (0.55, False)])
    page = admin.get(URL, {"threshold": "90"}).content.decode()
    assert "Tried: 90.0%" in page
    assert "Recommended" in page
    assert admin.get(URL, {"threshold": "2"}).status_code == 422
    assert admin.post(f"{URL}threshold/", {"threshold": "90"}).status_code == 303
    model = MODELS.active()
    assert (model.version, model.threshold) == (2, 0.9)
    assert (
        admin.post(f"{URL}threshold/", {"threshold": "200"}, headers={"HX-Request": "true"}).status_code
        == 409
    )
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        admin.get(URL)


def test_without_splink_the_page_says_what_to_install(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise running.MatcherMissingError("pip install 'huoju[matching]'")

    monkeypatch.setattr(running, "load_engine", absent)
    page = admin.get(URL).content.decode()
    assert "pip install &#x27;huoju[matching]&#x27;" in page
    assert "Search now" not in page


def test_a_failed_run_tells_why(admin: Client) -> None:
    MatchingRun.objects.create(
        state=RunState.FAILED, actor="user:1", requested_at=NOW - timedelta(hours=1), problem="no memory"
    )
    assert "The last search failed. no memory" in admin.get(URL).content.decode()
