"""Regions and countries."""

import pytest

from huoju.core.geo import COUNTRIES, PROVINCES, REGIONS, country_of, districts, region_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("北京", "11"),
        ("北京市", "11"),
        ("北京市朝阳区", "11"),
        ("BJ", "11"),
        ("Beijing, China", "11"),
        ("110000", "11"),
        ("上海", "31"),
        ("中国上海", "31"),
        ("浦东新区", "31"),
        ("海淀区", "11"),
        ("重庆市渝北区", "50"),
        ("广东", "44"),
        ("廣東", "44"),
        ("GD", "44"),
        ("Guangdong Province", "44"),
        ("广东省深圳市", "4403"),
        ("广东省深圳市南山区", "4403"),
        ("广东 深圳", "4403"),
        ("广东-深圳", "4403"),
        ("深圳", "4403"),
        ("深圳市", "4403"),
        ("shenzhen", "4403"),
        ("Shenzhen City", "4403"),
        ("Shenzhen, Guangdong", "4403"),
        ("guangdong shenzhen", "4403"),
        ("440300", "4403"),
        ("吉林", "22"),
        ("吉林市", "2202"),
        ("吉林省吉林市", "2202"),
        ("苏州工业园区", "3205"),
        ("昆山", "3205"),
        ("江苏省昆山市", "3205"),
        ("Suzhou", "3205"),
        ("Suzhou, Anhui", "3413"),
        ("Taizhou, Zhejiang", "3310"),
        ("台州", "3310"),
        ("Shaanxi", "61"),
        ("Shanxi", "14"),
        ("Xi'an", "6101"),
        ("xian", "6101"),
        ("内蒙古", "15"),
        ("Inner Mongolia", "15"),
        ("新疆维吾尔自治区", "65"),
        ("乌鲁木齐", "6501"),
        ("Urumqi", "6501"),
        ("朝阳", "2113"),
        ("辽宁朝阳", "2113"),
        ("湖北仙桃市", "42"),
        ("香港", "81"),
        ("Hong Kong", "81"),
        ("台湾", "71"),
        ("恩施土家族苗族自治州", "4228"),
        ("恩施", "4228"),
    ],
)
def test_a_region_is_found_by_any_customary_name(text: str, code: str) -> None:
    region = region_of(text)
    assert region is not None
    assert region.code == code


@pytest.mark.parametrize(
    "text", ["", "  ", "Taizhou", "朝阳区", "California", "华东", "广东北京", "Berlin", "13800", "?"]
)
def test_what_does_not_decide_stays_unknown(text: str) -> None:
    assert region_of(text) is None


def test_every_region_is_found_by_its_own_names() -> None:
    for region in REGIONS.values():
        assert region_of(region.name_zh) == region
        assert region_of(region.code) == region


def test_a_region_knows_its_province_and_its_names() -> None:
    region = REGIONS["4403"]
    assert (region.province, region.city) == ("44", "4403")
    assert (region.name("zh-hans"), region.name("en")) == ("深圳", "Shenzhen")
    assert (REGIONS["11"].province, REGIONS["11"].city) == ("11", "")
    assert len(PROVINCES) == 34


def test_every_district_lies_in_a_known_region() -> None:
    assert {code for code in districts().values() if code not in REGIONS} == set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("中国", "CN"),
        ("cn", "CN"),
        ("P.R. China", "CN"),
        ("EL", "GR"),
        ("Greece", "GR"),
        ("希腊", "GR"),
        ("uk", "GB"),
        ("U.S.A.", "US"),
        ("美國", "US"),
        ("香港", "HK"),
        ("中国香港", "HK"),
        ("Macau", "MO"),
        ("+852", "HK"),
        ("+86", "CN"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("韩国", "KR"),
        ("deutschland", "DE"),
    ],
)
def test_a_country_is_found_by_any_customary_name(text: str, code: str) -> None:
    country = country_of(text)
    assert country is not None
    assert country.code == code


@pytest.mark.parametrize("text", ["", "+1", "Atlantis", "+", "XX"])
def test_unknown_countries(text: str) -> None:
    assert country_of(text) is None


def test_countries_carry_what_telephones_and_money_need() -> None:
    china = COUNTRIES["CN"]
    assert (china.calling, china.currency, china.name("zh-hans"), china.name("en")) == (
        "86",
        "CNY",
        "中国",
        "China",
    )
    assert "EL" not in COUNTRIES
