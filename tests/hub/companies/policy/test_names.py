"""Company names, registration numbers and domains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.hub.companies.policy import (
    CompanyName,
    Unusable,
    company_domain,
    domain_of,
    normalise_company,
    normalise_uscc,
)
from tests.data import shared_data


def name_of(raw: str) -> CompanyName:
    name = normalise_company(raw)
    assert isinstance(name, CompanyName), name
    return name


@pytest.mark.parametrize(
    ("raw", "key", "core", "region"),
    [
        ("北京火炬科技有限公司", "北京火炬科技", "火炬", "11"),
        ("火炬科技（北京）有限公司", "火炬科技北京", "火炬", "11"),
        ("深圳市腾讯计算机系统有限公司", "深圳腾讯计算机系统", "腾讯", "4403"),
        ("华为技术有限公司", "华为技术", "华为", None),
        ("華為技術有限公司", "华为技术", "华为", None),
        ("华为", "华为", "华为", None),
        ("江苏国泰国际集团有限公司", "江苏国泰国际集团", "国泰", "32"),
        ("阿里巴巴(中国)有限公司", "阿里巴巴", "阿里巴巴", None),
        ("海宁市海昌思诚贸易商行", "海宁市海昌思诚贸易商行", "海昌思诚", "3304"),
        ("北京大学", "北京大学", "北京大学", "11"),
        ("清华大学", "清华大学", "清华", None),
        ("中国移动", "中国移动", "中国移动", None),
        ("吉林银行", "吉林银行", "吉林银行", "22"),
        ("测试猫科技", "测试猫科技", "测试猫", None),
        ("ＡＢＣ科技有限公司", "abc科技", "abc", None),
        ("Huawei Technologies Co., Ltd.", "huaweitechnologies", "huaweitechnologies", None),
        ("The Boston Consulting Group, Inc.", "bostonconsulting", "bostonconsulting", None),
        ("SAP SE", "sap", "sap", None),
        ("AT&T", "atandt", "atandt", None),
    ],
)
def test_key_core_and_region(raw: str, key: str, core: str, region: str | None) -> None:
    name = name_of(raw)
    assert (name.key, name.core, name.region and name.region.code) == (key, core, region)


@pytest.mark.parametrize(
    "spellings",
    [
        ("深圳市腾讯计算机系统有限公司", "深圳腾讯计算机系统有限公司", "广东省深圳市腾讯计算机系统有限公司"),
        (
            "华为技术有限公司",
            "華為技術有限公司",
            "华为技术股份有限公司",
            "华为技术 有限公司",
            "华为技术",
            "华为技术有限公司。",
        ),
        ("火炬科技（北京）有限公司", "火炬科技(北京)有限公司", "火炬科技【北京】有限公司"),
        (
            "Huawei Technologies Co., Ltd.",
            "HUAWEI TECHNOLOGIES CO.,LTD",
            "Huawei Technologies",
            "huawei technologies inc",
        ),
        ("阿里巴巴(中国)有限公司", "阿里巴巴"),
        ("ＡＢＣ科技", "abc科技有限公司"),
    ],
)
def test_spellings_of_one_company_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({name_of(spelling).key for spelling in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北京华泰科技有限公司", "上海华泰科技有限公司"),
        ("华为技术有限公司", "华为技术有限公司北京分公司"),
        ("华为技术有限公司北京分公司", "华为技术有限公司上海分公司"),
        ("华为技术有限公司", "华为软件有限公司"),
    ],
)
def test_different_companies_have_different_keys(one: str, other: str) -> None:
    assert name_of(one).key != name_of(other).key


def test_a_branch_is_told_from_its_company() -> None:
    name = name_of("华为技术有限公司北京分公司")
    assert (name.branch, name.core) == ("北京分公司", "华为")


def test_the_shown_name_is_tidied_not_translated() -> None:
    assert name_of("  華為技術 (深圳)有限公司 ").display == "華為技術 （深圳）有限公司"
    assert name_of("SAP  SE").display == "SAP SE"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", Unusable.EMPTY),
        ("  ", Unusable.EMPTY),
        ("无", Unusable.PLACEHOLDER),
        ("暂无", Unusable.PLACEHOLDER),
        ("N/A", Unusable.PLACEHOLDER),
        ("--", Unusable.PLACEHOLDER),
        ("某公司", Unusable.PLACEHOLDER),
        ("none", Unusable.PLACEHOLDER),
        ("个人", Unusable.PERSONAL),
        ("自由职业者", Unusable.PERSONAL),
        ("freelancer", Unusable.PERSONAL),
        ("学生", Unusable.STUDENT),
        ("大学", Unusable.STUDENT),
        ("测试", Unusable.TEST),
        ("测试公司", Unusable.TEST),
        ("test", Unusable.TEST),
        ("Test Company", Unusable.TEST),
        ("asdf", Unusable.TEST),
        ("公司", Unusable.GENERIC),
        ("有限公司", Unusable.GENERIC),
        ("科技有限公司", Unusable.GENERIC),
        ("上海公司", Unusable.GENERIC),
        ("13912345678", Unusable.CONTACT),
        ("a@b.com", Unusable.CONTACT),
        ("www.huoju.cn", Unusable.CONTACT),
        ("aaaa", Unusable.NONSENSE),
        ("哈哈哈", Unusable.NONSENSE),
        ("12", Unusable.NONSENSE),
        ("x", Unusable.PLACEHOLDER),
        ("哦", Unusable.NONSENSE),
        ("asdasd", Unusable.NONSENSE),
    ],
)
def test_what_names_no_company_says_why(raw: str, reason: Unusable) -> None:
    assert normalise_company(raw) is reason


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_a_reason(raw: str) -> None:
    name = normalise_company(raw)
    if isinstance(name, CompanyName):
        assert name.key
        assert name.core
        assert max(len(name.display), len(name.key), len(name.core)) <= 200
        (name.display + name.key).encode("utf-8")


def test_cores_agree_with_labelled_brands() -> None:
    """500 labelled names (companynameparser): the brand is our core for at least 85 % of those that have one."""
    lines = shared_data("cn_companies/groundtruth.txt").read_text(encoding="utf-8").splitlines()
    labelled = [line.split() for line in lines if len(line.split()) == 2]
    right = 0
    for full, brand in labelled:
        name = normalise_company(full)
        right += isinstance(name, CompanyName) and name.core == brand
    assert len(labelled) == 456
    assert right / len(labelled) >= 0.85


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("91440300708461136T", "91440300708461136T"),
        (" 9144 0300 7084 6113 6t ", "91440300708461136T"),
        ("914403007084611360", None),
        ("9144030070846113", None),
        ("", None),
        ("无", None),
    ],
)
def test_the_check_digit_of_a_registration_number(raw: str, code: str | None) -> None:
    assert normalise_uscc(raw) == code


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("huoju.cn", "huoju.cn"),
        ("mail.huoju.cn", "huoju.cn"),
        ("mail.huoju.com.cn", "huoju.com.cn"),
        ("huoju.bj.cn", "huoju.bj.cn"),
        ("x.foo.co.uk", "foo.co.uk"),
        ("qq.com", ""),
        ("vip.qq.com", ""),
        ("sub.mailinator.com", ""),
        ("", ""),
    ],
)
def test_the_domain_that_identifies_a_company(domain: str, registered: str) -> None:
    assert company_domain(domain) == registered
    assert domain_of(f"zhang@{domain}") == registered


def test_no_address_has_no_domain() -> None:
    assert domain_of("huoju.cn") == ""
