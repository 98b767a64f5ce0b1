"""Codes, links, and where a referrer comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.acquire.campaigns.policy import (
    Medium,
    alias_keys,
    build_link,
    classify,
    code_for,
    fold,
    landing_page,
    utm_of_page,
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("organic_search", "organic_search"),
        ("Organic Search", "organic-search"),
        ("百度推广", "百度推广"),
        ("ＳＥＭ　百度", "sem-百度"),
        ("R&D", "r-d-dacc7c"),
        ("R D", "r-d"),
        ("🎉", "614629"),
        ("x" * 100, "x" * 53 + "-09ecb6"),
    ],
)
def test_a_code_keeps_letters_of_every_script_and_marks_what_it_lost(name: str, code: str) -> None:
    assert code_for(name, 60) == code


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_that_differ_have_codes_that_differ(one: str, other: str) -> None:
    same = fold(one).replace(" ", "-") == fold(other).replace(" ", "-")
    assert (code_for(one, 60) == code_for(other, 60)) == same
    assert 0 < len(code_for(one, 60)) <= 60


@pytest.mark.parametrize(
    ("referrer", "page", "medium", "keyword"),
    [
        ("", "https://huoju.example/", Medium.DIRECT, ""),
        ("https://www.baidu.com/s?wd=数据中台", "", Medium.SEARCH, "数据中台"),
        ("https://m.baidu.com/from=844b/s?word=x", "", Medium.SEARCH, "x"),
        ("https://www.google.co.uk/", "", Medium.SEARCH, ""),
        ("https://cn.bing.com/search?q=data+lake", "", Medium.SEARCH, "data lake"),
        ("https://www.so.com/s?q=a", "", Medium.SEARCH, "a"),
        ("https://docs.google.com/d/1", "", Medium.LINK, ""),
        ("https://mp.weixin.qq.com/s/abc", "", Medium.SOCIAL, ""),
        ("https://www.zhihu.com/question/1", "", Medium.SOCIAL, ""),
        ("https://x.com/somebody", "", Medium.SOCIAL, ""),
        ("https://x.com/i/grok", "", Medium.AI, ""),
        ("https://chatgpt.com/", "", Medium.AI, ""),
        ("https://www.doubao.com/chat/1", "", Medium.AI, ""),
        ("chat.deepseek.com", "", Medium.AI, ""),
        ("https://partner.example/list", "", Medium.LINK, ""),
        ("https://www.huoju.example/a", "https://huoju.example/b", Medium.DIRECT, ""),
        ("http://[broken", "", Medium.DIRECT, ""),
    ],
)
def test_a_referrer_is_classified(referrer: str, page: str, medium: Medium, keyword: str) -> None:
    assert classify(referrer, page) == (medium, keyword)


@given(st.text(), st.text())
def test_no_referrer_breaks_the_classification(referrer: str, page: str) -> None:
    assert classify(referrer, page)[0] in Medium
    assert isinstance(utm_of_page(page), dict)


def test_utm_values_are_read_from_the_page_and_from_click_ids() -> None:
    assert utm_of_page("https://a.cn/p?utm_source=baidu&utm_medium=cpc&utm_term=%E6%95%B0%E6%8D%AE&x=1") == {
        "utm_source": "baidu",
        "utm_medium": "cpc",
        "utm_term": "数据",
    }
    assert utm_of_page("https://a.cn/?bd_vid=123") == {"utm_source": "baidu", "utm_medium": "cpc"}
    assert utm_of_page("https://a.cn/?utm_source=&gclid=1&utm_campaign=q4") == {
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "q4",
    }
    assert utm_of_page("not a page") == {}


def test_the_most_telling_alias_comes_first() -> None:
    assert alias_keys("Baidu", "CPC") == ["baidu/cpc", "*/cpc", "baidu"]
    assert alias_keys("", "cpc") == ["*/cpc"]
    assert alias_keys("baidu", "") == ["baidu"]
    assert alias_keys("", "") == []


def test_a_link_replaces_the_utm_values_that_it_had() -> None:
    link = build_link(
        "https://a.cn/p?x=1&utm_source=old#top",
        {"utm_source": "baidu", "utm_term": "数据 中台", "utm_medium": " "},
    )
    assert link == "https://a.cn/p?x=1&utm_source=baidu&utm_term=%E6%95%B0%E6%8D%AE+%E4%B8%AD%E5%8F%B0#top"
    assert utm_of_page(link) == {"utm_source": "baidu", "utm_term": "数据 中台"}


@pytest.mark.parametrize("base", ["", "a.cn", "ftp://a.cn/", "javascript:alert(1)", "https://"])
def test_only_web_addresses_become_links(base: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        build_link(base, {})


def test_a_landing_page_loses_its_query() -> None:
    assert landing_page("https://a.cn/p?utm_source=x#y") == "https://a.cn/p"
    assert landing_page(" b76ef37428e6799c421989521c0e5077 ") == "b76ef37428e6799c421989521c0e5077"
    assert len(landing_page("x" * 900)) == 500
