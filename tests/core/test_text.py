"""Folding, pinyin and search terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.core.text import (
    MAX_TERMS,
    clean,
    clean_lines,
    fold_width,
    has_han,
    msgid,
    pinyin,
    query_terms,
    search_terms,
    simplify,
)

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=20)
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=2, max_size=30)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("北京火炬", "北京火炬"),
        ("  a  b ", "a b"),
        ("ＡＢＣ１２３＠", "ABC123@"),
        ("a\u200bb\ufeff", "ab"),
        ("a\x00b\x07", "ab"),
        ("a\u3000b\xa0c", "a b c"),
        ("a\tb\nc", "a b c"),
        ("\u202eevil", "evil"),
        ("a\ud800b", "ab"),
        ("☎️ 1", "☎ 1"),
        ("", ""),
    ],
)
def test_clean_leaves_readable_text(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text())
def test_clean_is_idempotent_and_storable(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert "\x00" not in once
    once.encode("utf-8")


def test_lines_are_kept_where_they_matter() -> None:
    assert clean_lines(" a \r\n b  c\u200b\n") == "a\nb c"
    assert clean_lines(" a  b ") == "a b"


def test_width_and_script() -> None:
    assert fold_width("ｈｕｏｊｕ．ｃｎ") == "huoju.cn"
    assert simplify("華為技術有限公司") == "华为技术有限公司"
    assert simplify("Huawei") == "Huawei"
    assert simplify("华为") == "华为"
    assert has_han("a张b")
    assert not has_han("abc１")
    assert msgid("Lead") == "Lead"


@given(st.text())
def test_simplifying_a_part_gives_a_part(text: str) -> None:
    half = len(text) // 2
    assert simplify(text) == simplify(text[:half]) + simplify(text[half:])


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("张三丰", ["zhang", "san", "feng"]),
        ("重庆", ["chong", "qing"]),
        ("重要", ["zhong", "yao"]),
        ("银行", ["yin", "hang"]),
        ("长春", ["chang", "chun"]),
        ("吕", ["lv"]),
    ],
)
def test_pinyin_reads_in_context(text: str, syllables: list[str]) -> None:
    assert pinyin(text) == syllables


def found(query: str, document: str) -> bool:
    wanted = query_terms(query)
    return bool(wanted) and set(wanted) <= set(search_terms(document))


@given(HAN, st.data())
def test_any_part_of_a_chinese_name_finds_it(name: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert found(name[start:end], name)


@given(WORD, st.integers(2, 30))
def test_the_beginning_of_a_word_finds_it(word: str, length: int) -> None:
    assert found(word[:length], word) or word[:length] in ("com", "cn", "net", "org", "www", "http", "https")


@given(st.text("0123456789", min_size=7, max_size=15), st.data())
def test_four_digits_in_a_row_find_a_number(number: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(number) - 4))
    end = data.draw(st.integers(start + 4, len(number)))
    assert found(number[start:end], number)


@pytest.mark.parametrize(
    ("query", "document", "hit"),
    [
        ("三丰", "张三丰 北京火炬科技有限公司", True),
        ("丰", "张三丰", True),
        ("張三", "张三丰", True),
        ("火炬科技", "张三丰 北京火炬科技有限公司", True),
        ("三张", "张三丰", False),
        ("zhangsan", "张三丰", True),
        ("zsf", "张三丰", True),
        ("sanfeng", "张三丰", True),
        ("huoju", "北京火炬科技有限公司", True),
        ("bjhj", "北京火炬科技有限公司", True),
        ("zengguofan", "曾国藩", True),
        ("shanxiongxin", "单雄信", True),
        ("5678", "+8613912345678", True),
        ("139", "+86 13912345678", True),
        ("13912345678", "+8613912345678", True),
        ("+86 139 1234 5678", "+8613912345678", True),
        ("9999", "+8613912345678", False),
        ("zhang.san@huoju", "zhang.san@huoju-data.com.cn", True),
        ("HUOJU", "zhang.san@huoju-data.com.cn", True),
        ("ｈｕｏｊｕ", "huoju", True),
        ("张 huoju", "张三丰 zhang@huoju.cn", True),
        ("张 other", "张三丰 zhang@huoju.cn", False),
        ("Müller", "Jürgen Müller", True),
        ("", "张三丰", False),
        ("?!", "张三丰", False),
    ],
)
def test_search(query: str, document: str, hit: bool) -> None:
    assert found(query, document) is hit


@given(st.text(max_size=3000))
def test_terms_are_few_and_not_repeated(text: str) -> None:
    terms = search_terms(text)
    assert len(terms) <= MAX_TERMS
    assert len(set(terms)) == len(terms)
    assert "" not in terms
