"""What is found out about companies afterwards: brands, regions, industries, duplicates."""

from datetime import UTC, datetime

import pytest

from huoju.core.search import operations as search_operations
from huoju.core.search import queries as search
from huoju.hub.companies import operations, queries, registry
from huoju.hub.companies.models import Company, Suggestion
from huoju.hub.companies.operations import CompanyHint
from huoju.hub.companies.policy.alike import Evidence, Sketch, alike
from huoju.hub.companies.search import COMPANIES
from tests.races import count_queries

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHENZHEN = "91440300708461136T"
BEIJING = "91110108551385082Q"


def come_in(*hints: CompanyHint, source: str = "form") -> list[int]:
    answers = operations.resolve_batch(hints, source=source, now=NOW)
    return [each.company_id for each in answers if each]


def hint(name: str, **fields: str) -> CompanyHint:
    return CompanyHint(name=name, key=name.lower(), **fields)


def study() -> int:
    return operations.study_all(now=NOW)


def by_hand(company_id: int, **changes: str) -> None:
    operations.update_company(company_id=company_id, changes=changes, actor="user:1", now=NOW)


@pytest.fixture(autouse=True)
def nobody_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_domains", [])
    monkeypatch.setattr(registry, "_common", [])


@pytest.mark.django_db
class TestStudy:
    def test_what_a_name_tells(self) -> None:
        (id_,) = come_in(hint("深圳火炬软件有限公司"))
        assert study() == 1
        row = Company.objects.get(pk=id_)
        assert (row.brand, row.region, row.industry) == ("火炬", "4403", "software")
        assert row.origins == {"region": "derived:name", "industry": "derived:name"}
        assert study() == 0

    def test_what_a_registration_number_tells(self) -> None:
        (id_,) = come_in(hint("火炬科技", uscc=SHENZHEN))
        study()
        row = Company.objects.get(pk=id_)
        assert (row.region, row.origins) == ("4403", {"region": "derived:uscc"})

    def test_what_its_people_tell(self) -> None:
        (id_,) = come_in(hint("火炬科技"))
        registry.register_common_values(
            lambda ids: {key: {"region": "31", "industry": "games"} for key in ids}
        )
        study()
        row = Company.objects.get(pk=id_)
        assert (row.region, row.industry) == ("31", "games")
        assert row.origins == {"region": "derived:people", "industry": "derived:people"}

    def test_what_was_told_stays(self) -> None:
        (id_,) = come_in(hint("深圳火炬软件有限公司", region="11", industry="games"))
        study()
        row = Company.objects.get(pk=id_)
        assert (row.region, row.industry, row.origins) == ("11", "games", {})

    def test_whoever_tells_knows_better_than_what_was_derived(self) -> None:
        (id_,) = come_in(hint("深圳火炬软件有限公司"))
        study()
        (answer,) = operations.resolve_batch(
            [hint("深圳火炬软件有限公司", region="11")], source="import:3", now=NOW
        )
        assert answer
        assert answer.filled == {"region": "11"}
        row = Company.objects.get(pk=id_)
        assert (row.region, row.origins) == ("11", {"region": "import:3", "industry": "derived:name"})
        operations.forget_batch([answer], source="import:3")
        study()
        row = Company.objects.get(pk=id_)
        assert (row.region, row.origins["region"]) == ("4403", "derived:name")

    def test_what_was_set_by_hand_wins_even_when_empty(self) -> None:
        (id_,) = come_in(hint("深圳火炬软件有限公司"))
        study()
        by_hand(id_, region="", industry="media")
        (answer,) = operations.resolve_batch(
            [hint("深圳火炬软件有限公司", region="11", industry="games")], source="form", now=NOW
        )
        assert answer
        assert answer.values == {"region": "", "industry": "media", "size": "", "country": ""}
        study()
        row = Company.objects.get(pk=id_)
        assert (row.region, row.industry) == ("", "media")

    def test_a_derived_value_goes_with_its_reason(self) -> None:
        (id_,) = come_in(hint("火炬科技", uscc=SHENZHEN))
        study()
        by_hand(id_, uscc="")
        study()
        row = Company.objects.get(pk=id_)
        assert (row.uscc, row.region, row.origins) == (None, "", {"uscc": "user:1"})

    def test_statements_do_not_depend_on_the_number(self) -> None:
        come_in(hint("火炬科技"), hint("北京火炬科技"))
        few = count_queries(study)
        come_in(*[hint(f"{place}火{at}科技") for at in range(30) for place in ("", "北京")])
        assert count_queries(study) == few

    def test_is_found_by_part_pinyin_number_and_domain_also_after_a_replay(self) -> None:
        (id_,) = come_in(hint("深圳火炬软件有限公司", uscc=SHENZHEN, domain="huoju.cn"))
        study()
        for query in ("火炬", "huoju", SHENZHEN[:12], "深圳火炬软件有限公司"):
            assert search.list_ids(COMPANIES, query, audience=None, limit=5) == [id_], query
        search_operations.forget_all()
        COMPANIES.forgotten and COMPANIES.forgotten()
        study()
        assert search.list_ids(COMPANIES, "火炬", audience=None, limit=5) == [id_]


@pytest.mark.django_db
class TestNamesakes:
    def test_two_registration_numbers_are_two_companies(self) -> None:
        first, second, again = come_in(
            hint("火炬科技", uscc=SHENZHEN), hint("火炬科技", uscc=BEIJING), hint("火炬科技", uscc=BEIJING)
        )
        assert first != second
        assert second == again
        assert set(Company.objects.values_list("key", "uscc")) == {
            ("火炬科技", SHENZHEN),
            (f"火炬科技#{BEIJING}", BEIJING),
        }
        assert come_in(hint("火炬科技"), hint("火炬科技", uscc=BEIJING)) == [first, second]

    def test_also_when_its_number_was_taken_away_since(self) -> None:
        first, second = come_in(hint("火炬科技", uscc=SHENZHEN), hint("火炬科技", uscc=BEIJING))
        by_hand(second, uscc="")
        assert come_in(hint("火炬科技", uscc=BEIJING)) == [second]
        assert first != second


@pytest.mark.django_db
class TestSuggestions:
    def pairs(self) -> list[tuple[str, ...]]:
        found = queries.list_suggestions()
        return sorted((*sorted((each.left.name, each.right.name)), *each.evidence) for each in found)

    def test_same_brand_in_the_same_place(self) -> None:
        come_in(
            hint("深圳火炬科技有限公司"), hint("火炬科技"), hint("火炬餐饮"), hint("上海火炬科技有限公司")
        )
        study()
        assert self.pairs() == [
            ("上海火炬科技有限公司", "火炬科技", "brand", "trade"),
            ("深圳火炬科技有限公司", "火炬科技", "brand", "trade"),
        ]

    def test_what_was_decided_stays_decided(self) -> None:
        come_in(hint("深圳火炬科技有限公司"), hint("火炬科技"))
        study()
        (found,) = queries.list_suggestions()
        different = Suggestion.Decision.DIFFERENT
        assert operations.decide(suggestion_id=found.pk, decision=different, actor="user:1", now=NOW)
        assert not operations.decide(suggestion_id=found.pk, decision=different, actor="user:1", now=NOW)
        Company.objects.update(studied_at=None)
        study()
        assert self.pairs() == []

    def test_a_merge_decides(self) -> None:
        left, right = come_in(hint("深圳火炬科技有限公司"), hint("火炬科技"))
        study()
        operations.merge(company_id=right, into_id=left, actor="user:1", now=NOW)
        assert Suggestion.objects.get().decision == Suggestion.Decision.MERGED

    def test_people_who_write_from_anothers_domain(self) -> None:
        _left, right = come_in(hint("火炬科技", domain="huoju.cn"), hint("Huoju Technology"))
        registry.register_mail_domains(lambda ids: {right: ["huoju.cn"]} if right in ids else {})
        study()
        assert self.pairs() == [("Huoju Technology", "火炬科技", "domain")]

    def test_a_crowd_of_one_brand_says_nothing(self) -> None:
        come_in(
            *[
                hint(f"{region}火炬科技")
                for region in ("北京", "上海", "深圳", "杭州", "南京", "苏州", "成都")
            ]
        )
        come_in(*[hint(f"火炬科技{at}") for at in range(3)])
        study()
        assert len(self.pairs()) < 10


@pytest.mark.parametrize(
    ("left", "right", "evidence"),
    [
        (Sketch("火炬科技", "火炬", uscc=SHENZHEN), Sketch("火炬科技", "火炬", uscc=BEIJING), ()),
        (Sketch("火炬科技", "火炬", "31"), Sketch("火炬科技", "火炬", "4403"), ()),
        (
            Sketch("火炬科技", "火炬", "4401"),
            Sketch("火炬", "火炬", "4403"),
            (Evidence.BRAND, Evidence.REGION),
        ),
        (Sketch("火炬科技有限公司", "火炬"), Sketch("火炬科技有限公司上海分公司", "火炬"), ()),
        (Sketch("火炬科技", "火炬"), Sketch("火炬", "火炬"), ()),
        (Sketch("a", "a"), Sketch("b", "b", domains=frozenset({"a.cn"})), ()),
    ],
)
def test_what_speaks_for_one_company(left: Sketch, right: Sketch, evidence: tuple[Evidence, ...]) -> None:
    assert alike(left, right) == evidence
    assert alike(right, left) == evidence
