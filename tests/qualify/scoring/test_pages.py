"""The pages of the scoring rules: versions, the editor without script, preview, activation, permissions."""

import json
from html.parser import HTMLParser

import pytest
from django.test import Client

from huoju.core.facts import delivery
from huoju.core.facts.models import Fact
from huoju.qualify.recognition.readers import recognition_reader
from huoju.qualify.scoring import policy
from huoju.qualify.scoring.models import ScoringRules
from huoju.qualify.scoring.queries import RULES
from tests.qualify.factory import make_lead, make_user

pytestmark = pytest.mark.django_db
EDIT = "/rules/scoring/edit/"


class FormReader(HTMLParser):
    """What a browser would post from the editor."""

    def __init__(self) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self._select = ""
        self._many = False
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        name, value = named.get("name") or "", named.get("value") or ""
        if tag == "form":
            self._inside = named.get("id") == "rule-form"
        if not self._inside:
            return
        if tag == "input" and name and name != "csrfmiddlewaretoken":
            self.data.setdefault(name, []).append(value)
        elif tag == "select":
            self._select, self._many = name, "multiple" in named
        elif tag == "option" and self._select:
            self._choose(value, chosen="selected" in named)

    def _choose(self, value: str, *, chosen: bool) -> None:
        """A single select posts its first option unless another is chosen, a multiple one only what is chosen."""
        before = self.data.get(self._select, [])
        if chosen:
            self.data[self._select] = [*before, value] if self._many else [value]
        elif not self._many and not before:
            self.data[self._select] = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "form":
            self._inside = False


def fields(html: bytes) -> dict[str, list[str]]:
    reader = FormReader()
    reader.feed(html.decode())
    return reader.data


def test_the_versions_begin_with_the_one_that_ships(marketing: Client) -> None:
    html = marketing.get("/rules/scoring/").content.decode()
    assert "Ships with Huoju" in html
    assert "v1" in html
    assert ScoringRules.objects.count() == 0
    page = marketing.get("/rules/scoring/1/").content.decode()
    assert "Company name is usable" in page
    assert marketing.get("/rules/scoring/7/").status_code == 404


def test_what_the_editor_shows_it_reads_back_unchanged(marketing: Client) -> None:
    data = fields(marketing.get(EDIT).content)
    answer = marketing.post(EDIT, {**data, "do": "save", "note": "the same"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/rules/scoring/2/"
    saved = ScoringRules.objects.get(version=2)
    assert saved.rules == json.loads(json.dumps(policy.rules_as_json(policy.DEFAULT_RULES)))
    assert (saved.note, saved.active, ScoringRules.objects.get(active=True).version) == ("the same", False, 1)


def test_in_chinese_the_labels_stay_message_ids(client: Client) -> None:
    client.force_login(make_user("马", role="marketing", language="zh-hans"))
    data = fields(client.get(EDIT).content)
    client.post(EDIT, {**data, "do": "save"})
    assert RULES.get(2).fit == policy.DEFAULT_RULES.fit


def test_rows_are_added_changed_moved_and_removed_without_losing_the_rest(marketing: Client) -> None:
    data = fields(marketing.get(EDIT).content)
    count = len(data["fit"])
    data = fields(marketing.post(EDIT, {**data, "do": "add:fit"}, headers={"HX-Request": "true"}).content)
    assert len(data["fit"]) == count + 1
    row = f"fit.{count}"
    data = fields(marketing.post(EDIT, {**data, "do": f"add:{row}.when"}).content)
    data |= {f"{row}.label": ["华东"], f"{row}.points": ["4"], f"{row}.when.0.field": ["region"]}
    data = fields(marketing.post(EDIT, data).content)  # another field was chosen: the form is drawn again
    data |= {f"{row}.when.0.op": ["in"]}
    data = fields(marketing.post(EDIT, data).content)
    data |= {f"{row}.when.0.value": ["31", "32"]}
    data = fields(marketing.post(EDIT, {**data, "do": "remove:fit.0"}).content)
    data = fields(marketing.post(EDIT, {**data, "do": f"up:fit.{count - 1}"}).content)
    assert marketing.post(EDIT, {**data, "do": "save", "note": ""}).status_code == 303
    lines = RULES.get(2).fit
    assert [line.code for line in lines] == [
        *(line.code for line in policy.DEFAULT_RULES.fit[1:-1]),
        "fit_1",
        policy.DEFAULT_RULES.fit[-1].code,
    ]
    added = lines[-2]
    assert (added.label, added.points) == ("华东", 4)
    assert added.when[0].as_json() == {"field": "region", "op": "in", "value": ["31", "32"]}


def test_mistakes_come_back_in_words_with_everything_that_was_typed(marketing: Client) -> None:
    data = fields(marketing.get(EDIT).content)
    wrong = {**data, "fit.0.points": ["many"], "fit_cap": ["0"], "do": "save", "note": "oops"}
    answer = marketing.post(EDIT, wrong)
    assert answer.status_code == 422
    assert "“many” is not a number" in answer.content.decode()
    assert fields(answer.content)["fit.0.points"] == ["many"]
    answer = marketing.post(EDIT, {**data, "fit_cap": ["0"], "do": "preview"})
    assert "the upper limits must be above zero" in answer.content.decode()
    assert ScoringRules.objects.count() == 0


def test_experts_may_write_json(marketing: Client) -> None:
    data = fields(marketing.get(EDIT).content)
    page = marketing.post(EDIT, {**data, "do": "json"})
    assert "&quot;half_life_days&quot;" in page.content.decode()
    rules = policy.rules_as_json(policy.DEFAULT_RULES) | {"engagement_cap": 40}
    broken = marketing.post(EDIT, {"expert": "1", "json": "{", "do": "save"})
    assert broken.status_code == 422
    assert "This is not JSON" in broken.content.decode()
    assert marketing.post(EDIT, {"expert": "1", "json": "[]", "do": "save"}).status_code == 422
    assert marketing.post(EDIT, {"expert": "1", "json": '{"fit": 3}', "do": "save"}).status_code == 422
    assert marketing.post(EDIT, {"expert": "1", "json": json.dumps(rules), "do": "save"}).status_code == 303
    assert RULES.get(2).engagement_cap == 40


def test_a_version_is_tried_on_history_and_then_activated(marketing: Client) -> None:
    make_lead(company="好公司", title="CTO", size="500-999", mobile="+8613800000001", purpose="trial")
    delivery.drain([recognition_reader()], horizon="own")
    rules = policy.rules_as_json(policy.DEFAULT_RULES) | {"fit": []}
    marketing.post(EDIT, {"expert": "1", "json": json.dumps(rules), "do": "save", "note": "no fit"})
    tried = marketing.get("/rules/scoring/2/preview/").content.decode()
    assert "Of the latest 1 leads 0 would move to a better band and 1 to a worse one." in tried
    assert marketing.get("/rules/scoring/2/activate/").status_code == 405
    assert marketing.post("/rules/scoring/2/activate/").status_code == 303
    assert RULES.active().version == 2
    assert Fact.objects.get(kind="scoring_rules.activated").actor.startswith("user:")


@pytest.mark.parametrize("role", ["sales", "telemarketing", "executive", "sales_manager"])
def test_only_those_who_set_rules_see_them(client: Client, role: str) -> None:
    client.force_login(make_user("x", role=role))
    for url in ("/rules/scoring/", EDIT, "/rules/scoring/1/", "/rules/mql/", "/routing/rules/"):
        assert client.get(url).status_code == 403
