"""The pages of the cleaning rules: parameters and verdicts as a form, mistakes in words, the trial on history."""

import json
from typing import Any

import pytest
from django.test import Client

from huoju.qualify.cleaning import pages
from huoju.qualify.cleaning.models import CleaningRules
from huoju.qualify.cleaning.policy import Code, Rule, RuleSet, Step, Verdict, rules_as_json
from huoju.qualify.cleaning.queries import RULES
from tests.qualify.factory import NOW, make_lead, make_user
from tests.qualify.scoring.test_pages import fields

pytestmark = pytest.mark.django_db
EDIT = "/rules/cleaning/edit/"
MIXED = RuleSet(
    0,
    (
        Rule(Step.COMPETITORS, {"domains": ("rival.cn",), "staff_domains": ("huoju.cn", "huoju.com")}),
        Rule(Step.MARKET, {"countries": ("CN",)}),
        Rule(Step.EMAIL, code=Code.EMAIL_DISPOSABLE, verdict=Verdict.DROP),
        Rule(Step.NAME, enabled=False),
        Rule(Step.NAME, code=Code.NAME_URL, verdict=Verdict.QUARANTINE),
    ),
)


def canonical(rows: list[dict[str, Any]]) -> list[str]:
    """Rows without their order: parameters come first in what a form posts."""
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def saved(client: Client, rules: RuleSet) -> int:
    """The number of a new version with these rules."""
    posted = {"expert": "1", "json": json.dumps(rules_as_json(rules)), "do": "save", "note": "mixed"}
    answer = client.post(EDIT, posted)
    assert answer.status_code == 303
    return int(answer.headers["Location"].rstrip("/").rsplit("/", 1)[1])


def test_rows_become_a_form_and_the_same_rows_again() -> None:
    rows: list[dict[str, Any]] = rules_as_json(MIXED)
    content = pages.spread(rows)
    assert content["competitors"] == {"domains": ["rival.cn"], "staff_domains": ["huoju.cn", "huoju.com"]}
    assert content["reasons"] == [
        {"about": "email/email_disposable", "effect": "drop"},
        {"about": "name", "effect": "off"},
        {"about": "name/name_url", "effect": "quarantine"},
    ]
    assert canonical(pages.gather(content)) == canonical(rows)
    assert pages.spread(pages.gather(content)) == content


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_the_editor_shows_it_reads_back_unchanged(client: Client, language: str) -> None:
    client.force_login(make_user("马", role="marketing", language=language))
    assert saved(client, MIXED) == 2
    data = fields(client.get(EDIT + "?from=2").content)
    assert data["competitors.staff_domains"] == ["huoju.cn, huoju.com"]
    assert client.post(EDIT, {**data, "do": "save"}).status_code == 303
    again = CleaningRules.objects.get(version=3).rules
    assert canonical(again) == canonical(rules_as_json(MIXED))


def test_words_and_reasons_are_added_by_form(marketing: Client) -> None:
    data = fields(marketing.get(EDIT).content)
    data = fields(marketing.post(EDIT, {**data, "do": "add:reasons"}, headers={"HX-Request": "true"}).content)
    data |= {"reasons.0.about": ["email/email_role"], "reasons.0.effect": ["quarantine"]}
    data |= {"message.spam_words": ["发票， 贷款"], "blacklist.ips": ["10.0.0.0/8"]}
    assert marketing.post(EDIT, {**data, "do": "save", "note": "x"}).status_code == 303
    assert RULES.get(2).rules == (
        Rule(Step.MESSAGE, {"spam_words": ("发票", "贷款")}),
        Rule(Step.BLACKLIST, {"ips": ("10.0.0.0/8",)}),
        Rule(Step.EMAIL, code=Code.EMAIL_ROLE, verdict=Verdict.QUARANTINE),
    )
    page = marketing.get("/rules/cleaning/2/").content.decode()
    assert "10.0.0.0/8" in page


def test_mistakes_come_back_in_words_with_everything_that_was_typed(marketing: Client) -> None:
    data = fields(marketing.get(EDIT).content) | {"blacklist.phones": ["12"], "market.countries": ["CN"]}
    answer = marketing.post(EDIT, {**data, "do": "save"})
    assert answer.status_code == 422
    assert "Blacklist: Telephone numbers: “12” is no telephone number" in answer.content.decode()
    assert fields(answer.content)["blacklist.phones"] == ["12"]
    assert fields(answer.content)["market.countries"] == ["CN"]
    assert CleaningRules.objects.count() == 0


def test_mistakes_are_told_in_chinese(client: Client) -> None:
    client.force_login(make_user("马", role="marketing", language="zh-hans"))
    answer = client.post(EDIT, {"blacklist.phones": "12", "do": "save"})
    assert "黑名单: 电话号码: “12”不是电话号码" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("{", "This is not JSON"),
        ("{}", "not of the form"),
        ("[3]", "each rule must be an object"),
        ('[{"step": "moon"}]', "nobody knows “moon”"),
        ('[{"step": "test", "params": {"numbers": ["1"]}}]', "unknown parameter “numbers”"),
    ],
)
@pytest.mark.parametrize("do", ["save", "form", "preview"])
def test_json_that_is_no_rules_stays_as_it_was_typed(
    marketing: Client, typed: str, words: str, do: str
) -> None:
    answer = marketing.post(EDIT, {"expert": "1", "json": typed, "do": do})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'name="json"' in answer.content.decode()


def test_the_form_and_json_turn_into_each_other(marketing: Client) -> None:
    text = json.dumps(rules_as_json(MIXED))
    form = marketing.post(EDIT, {"expert": "1", "json": text, "do": "form"})
    assert form.status_code == 200
    data = fields(form.content)
    assert data["competitors.domains"] == ["rival.cn"]
    page = marketing.post(EDIT, {**data, "do": "json"}).content.decode()
    assert "&quot;rival.cn&quot;" in page


def test_a_version_is_tried_on_history_and_then_decides(marketing: Client) -> None:
    make_lead(email="wang@acme-data.cn", mobile="+8613651087243")
    make_lead(email="li@rival.cn", mobile="+8613651087244", stage="won", won_at=NOW)
    assert saved(marketing, MIXED) == 2
    tried = marketing.get("/rules/cleaning/2/preview/").content.decode()
    assert "Of the latest 2 leads these rules would have blocked 1; 1 of those were won in the end." in tried
    assert "Works for a competitor" in tried
    data = fields(marketing.get(EDIT + "?from=2").content)
    assert "would have blocked 1;" in marketing.post(EDIT, {**data, "do": "preview"}).content.decode()
    assert marketing.post("/rules/cleaning/2/activate/").status_code == 303
    assert RULES.active().version == 2


def test_nothing_to_try_it_on(marketing: Client) -> None:
    assert "There are no leads yet" in marketing.get("/rules/cleaning/1/preview/").content.decode()
    assert "Ships with Huoju" in marketing.get("/rules/cleaning/").content.decode()
    assert 'href="/rules/cleaning/"' in marketing.get("/rules/cleaning/").content.decode()


@pytest.mark.parametrize("role", ["sales", "telemarketing", "executive", "sales_manager"])
def test_only_those_who_set_rules_see_them(client: Client, role: str) -> None:
    client.force_login(make_user("x", role=role))
    for url in ("/rules/cleaning/", EDIT, "/rules/cleaning/1/", "/rules/cleaning/1/preview/"):
        assert client.get(url).status_code == 403
