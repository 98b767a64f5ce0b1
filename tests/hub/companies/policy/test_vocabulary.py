"""Industries, sizes and titles as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.hub.companies.policy import (
    INDUSTRIES,
    SIZE_FLOORS,
    Function,
    Seniority,
    SizeBand,
    band_for,
    industry_of,
    size_of,
    title_of,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("互联网", "internet"),
        ("软件和信息技术服务业", "software"),
        ("IT", "software"),
        ("Banking", "finance_bank"),
        ("金融/银行", "finance_bank"),
        ("金融", "finance_other"),
        ("制造", "manufacturing"),
        ("制造业", "manufacturing"),
        ("汽车制造", "automotive"),
        ("电子商务", "retail"),
        ("E-commerce", "retail"),
        ("新能源", "energy"),
        ("半导体行业", "electronics"),
        ("医療器械", "healthcare"),
        ("房地产/建筑", "real_estate"),
        ("政府", "government"),
        ("其他", "other"),
        ("energy", "energy"),
        ("不知道", ""),
        ("", ""),
    ],
)
def test_an_industry_is_found(text: str, code: str) -> None:
    assert industry_of(text) == code


def test_every_industry_is_found_by_its_names() -> None:
    for industry in INDUSTRIES.values():
        assert industry_of(industry.code) == industry.code
        assert industry_of(industry.name("zh-hans")) == industry.code
        assert industry_of(industry.name("en")) == industry.code


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("1-19", SizeBand.UP_TO_19),
        ("20人以下", SizeBand.UP_TO_19),
        ("少于20人", SizeBand.UP_TO_19),
        ("1-49", SizeBand.UP_TO_19),
        ("20-99人", SizeBand.UP_TO_99),
        ("50", SizeBand.UP_TO_99),
        ("100-499人", SizeBand.UP_TO_499),
        ("100～499", SizeBand.UP_TO_499),
        ("100至500人", SizeBand.UP_TO_499),
        ("约300人", SizeBand.UP_TO_499),
        ("51-200", SizeBand.UP_TO_499),
        ("500+", SizeBand.UP_TO_999),
        ("500人以上", SizeBand.UP_TO_999),
        ("1000人以上", SizeBand.UP_TO_4999),
        ("1000-9999人", SizeBand.UP_TO_4999),
        ("1,000-5,000", SizeBand.UP_TO_4999),
        ("5000+", SizeBand.FROM_5000),
        ("2万人", SizeBand.FROM_5000),
        ("5k", SizeBand.FROM_5000),
        ("１０００人以上", SizeBand.UP_TO_4999),
        ("中型企业", SizeBand.UP_TO_499),
        ("0", None),
        ("很多", None),
        ("", None),
    ],
)
def test_a_size_is_found(text: str, band: SizeBand | None) -> None:
    assert size_of(text) is band


@given(st.integers(1, 10**6))
def test_a_number_of_employees_lies_in_its_band(employees: int) -> None:
    band = band_for(employees)
    assert band is not None
    assert SIZE_FLOORS[band] <= employees
    assert size_of(str(employees)) is band
    above = [floor for floor in SIZE_FLOORS.values() if floor > SIZE_FLOORS[band]]
    assert all(employees < floor for floor in above)


def test_every_band_is_found_by_its_code() -> None:
    assert [size_of(band.value) for band in SizeBand] == list(SizeBand)
    assert band_for(0) is None


F, S = Function, Seniority


@pytest.mark.parametrize(
    ("raw", "function", "seniority"),
    [
        ("CTO", F.IT, S.C_LEVEL),
        ("cto", F.IT, S.C_LEVEL),
        ("CEO", F.EXECUTIVE, S.C_LEVEL),
        ("CFO", F.FINANCE, S.C_LEVEL),
        ("首席数据官", F.DATA, S.C_LEVEL),
        ("总经理", F.EXECUTIVE, S.C_LEVEL),
        ("總經理", F.EXECUTIVE, S.C_LEVEL),
        ("副总经理", F.EXECUTIVE, S.VP),
        ("总经理助理", F.ADMINISTRATION, S.MANAGER),
        ("董事长", F.EXECUTIVE, S.OWNER),
        ("创始人/CEO", F.EXECUTIVE, S.OWNER),
        ("技术总监", F.IT, S.DIRECTOR),
        ("市场总监", F.MARKETING, S.DIRECTOR),
        ("Head of Data", F.DATA, S.DIRECTOR),
        ("VP of Engineering", F.RESEARCH, S.VP),
        ("销售经理", F.SALES, S.MANAGER),
        ("IT经理", F.IT, S.MANAGER),
        ("信息部主任", F.IT, S.MANAGER),
        ("Product Manager", F.PRODUCT, S.MANAGER),
        ("数据分析师", F.DATA, S.STAFF),
        ("运维工程师", F.IT, S.STAFF),
        ("采购", F.PROCUREMENT, S.STAFF),
        ("HR", F.HR, None),
        ("学生", None, S.STUDENT),
        ("实习生", None, S.STUDENT),
        ("部门负责人", None, S.DIRECTOR),
        ("Botanist", None, None),
    ],
)
def test_a_title_tells_function_and_seniority(
    raw: str, function: Function | None, seniority: Seniority | None
) -> None:
    title = title_of(raw)
    assert title is not None
    assert (title.function, title.seniority) == (function, seniority)


@pytest.mark.parametrize("raw", ["", "  ", "无", "N/A", "--"])
def test_no_title(raw: str) -> None:
    assert title_of(raw) is None


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert industry_of(text) in {*INDUSTRIES, ""}
    size_of(text)
    title = title_of(text)
    assert title is None or 0 < len(title.text) <= 80
