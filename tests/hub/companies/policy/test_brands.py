"""Brands in company names, and what names and registration numbers say about region and trade."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoju.hub.companies.policy import NameParts, brand_of, parts_of, region_of_uscc, trade_of
from tests.data import shared_data


@pytest.mark.parametrize(
    ("name", "brand"),
    [
        ("北京火炬科技有限公司", "火炬"),
        ("深圳市腾讯计算机系统有限公司", "腾讯"),
        ("阿里巴巴（中国）有限公司", "阿里巴巴"),
        ("東風汽車有限公司", "东风"),
        ("張家港保稅區博美特電氣國際貿易有限公司", "博美特"),
        ("唯尚品百货商场（杭州）淘宝店", "唯尚品"),
        ("新月能源石家庄公司", "新月"),
        ("泽信控股邯郸分公司", "泽信"),
        ("广东林嘉帮进出口贸易有限公司", "林嘉帮"),
        ("长安汽车股份有限公司", "长安"),  # a district of Xi'an too
        ("朝阳县大山苗圃", "大山苗圃"),
        ("第三建筑工程公司", ""),
        ("广州国际货运公司", ""),
        ("科技公司", ""),
        ("Huoju Technology Co., Ltd.", "huoju"),
        ("The ACME Group Holdings Inc", "acme"),
        ("火炬", "火炬"),
        ("", ""),
        ("有限公司", ""),
        ("北京", ""),
    ],
)
def test_brands(name: str, brand: str) -> None:
    assert brand_of(name) == brand


def test_the_parts_of_a_name() -> None:
    assert parts_of("江苏省苏州市昆山市川兴服装辅料有限公司") == NameParts("川兴", "3205", "服装辅料有限公司")
    assert parts_of("华为技术有限公司") == NameParts("华为", "", "技术有限公司")


def test_brands_of_the_labelled_names() -> None:
    """Rules were tuned on the even lines only; the odd ones show what they are worth on names nobody looked at."""
    lines = shared_data("cn_companies/groundtruth.txt").read_text(encoding="utf-8").splitlines()
    pairs = [(name, brand) for name, _, brand in (line.strip().partition(" ") for line in lines)]
    right = [[brand_of(name) == brand for name, brand in pairs[half::2]] for half in (0, 1)]
    assert [len(half) for half in right] == [250, 250]
    assert sum(right[0]) >= 240
    assert sum(right[1]) >= 229


@given(st.text(max_size=60))
@settings(max_examples=60)
def test_any_text_has_parts(text: str) -> None:
    parts = parts_of(text)
    assert parts.brand == brand_of(text)
    assert len(parts.brand + parts.trade) <= 4 * len(text)


@pytest.mark.parametrize(
    ("uscc", "region"),
    [
        ("91440300708461136T", "4403"),
        ("91110108551385082Q", "11"),
        ("91429004MA48000000", "42"),  # a city of county rank: its province
        ("91100000100003962T", ""),  # the national office
        ("914403", ""),
        ("", ""),
    ],
)
def test_the_region_of_a_registration_number(uscc: str, region: str) -> None:
    assert region_of_uscc(uscc) == region


@pytest.mark.parametrize(
    ("name", "industry"),
    [
        ("北京火炬软件有限公司", "software"),
        ("深圳大地房地产开发有限公司", "real_estate"),
        ("招商银行", "finance_bank"),
        ("火炬网络科技有限公司", ""),
        ("银行家咨询有限公司", ""),
        ("华为", ""),
    ],
)
def test_the_trade_in_a_name(name: str, industry: str) -> None:
    assert trade_of(name) == industry
