"""Terms of documents and of queries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.search.policy import document_terms, wanted_terms, whole, without_suffix

NAMES = st.text(alphabet="王李张刘陈杨黄赵伟芳娜秀英敏静丽强磊军洋勇艳", min_size=2, max_size=4)
COMPANIES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["北京", "上海", "深圳市", ""]),
    st.text(alphabet="火炬云智信达恒远华创新联通", min_size=2, max_size=4),
    st.sampled_from(["科技有限公司", "数据股份有限公司", "软件有限责任公司", "集团"]),
)


def finds(query: str, title: str, *texts: str) -> bool:
    wanted = wanted_terms(query)
    return bool(wanted) and set(wanted) <= set(document_terms(title, texts, ()))


@given(NAMES, COMPANIES, st.data())
def test_every_part_of_a_name_and_every_pair_of_a_company_finds(
    name: str, company: str, data: st.DataObject
) -> None:
    begin = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(begin + 1, len(name)))
    assert finds(name[begin:end], name, company)
    core = without_suffix(company)
    begin = data.draw(st.integers(0, len(core) - 2))
    end = data.draw(st.integers(begin + 2, len(core)))
    assert finds(core[begin:end], name, company)


@given(NAMES, COMPANIES, st.data())
def test_a_company_is_found_at_every_moment_of_typing_its_full_name(
    name: str, company: str, data: st.DataObject
) -> None:
    end = data.draw(st.integers(2, len(company)))
    assert finds(company[:end], name, company)


@given(st.integers(13_000_000_000, 19_999_999_999).map(str), st.data())
def test_four_digits_in_a_row_of_a_phone_find(mobile: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, 7))
    end = data.draw(st.integers(begin + 4, 11))
    assert finds(mobile[begin:end], "王伟", f"+86{mobile}")
    assert finds(mobile, "王伟", f"+86{mobile}")


@pytest.mark.parametrize(
    ("query", "title", "text"),
    [
        ("张", "张三丰", ""),
        ("三丰", "张三丰", ""),
        ("zhang", "张三丰", ""),
        ("zhangsanf", "张三丰", ""),
        ("zsf", "张三丰", ""),
        ("張三豐", "张三丰", ""),
        ("Ｌｉ Ｎａ", "li na", ""),
        ("huoju", "王伟", "北京火炬科技有限公司"),
        ("火炬科技", "王伟", "北京火炬科技有限公司"),
        ("火炬科技有限公司", "王伟", "北京火炬科技有限公司"),
        ("li.na", "李娜", "li.na@example.cn"),
        ("12345", "李娜", "12345"),
        ("王伟 火炬", "王伟", "北京火炬科技有限公司"),
    ],
)
def test_what_people_type(query: str, title: str, text: str) -> None:
    assert finds(query, title, text)


@pytest.mark.parametrize(
    ("query", "title", "text"),
    [
        ("李", "张三丰", ""),
        ("三张", "张三丰", ""),
        ("火炬数据", "王伟", "北京火炬科技有限公司"),
        ("9999", "李娜", "12345"),
    ],
)
def test_what_is_not_there_is_not_found(query: str, title: str, text: str) -> None:
    assert not finds(query, title, text)


@pytest.mark.parametrize("query", ["", "  ", "，。", "@", "=", "@user:1", "=王伟"])
def test_a_query_cannot_speak_of_audiences_or_whole_titles(query: str) -> None:
    assert not any(term.startswith(("@", "=")) for term in wanted_terms(query))


def test_whole_titles_meet_whatever_their_spelling() -> None:
    assert whole("ＬＩ  Na") == whole("li na") == "=lina"
    assert whole("張偉") == whole("张伟")


def test_characters_that_every_company_has_are_no_terms() -> None:
    terms = document_terms("王伟", ["北京火炬科技有限公司"], ["user:7"])
    assert not {"公司", "有限", "限公", "公", "司", "北"} & set(terms)
    assert {"王", "王伟", "火炬", "=王伟", "@user:7"} <= set(terms)
