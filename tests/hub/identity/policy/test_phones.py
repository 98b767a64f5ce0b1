"""Telephone numbers in the shapes in which people type them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.hub.identity.policy import Phone, PhoneKind, PhoneProblem, normalise_phone

MOBILE = "+8613912345670"


@pytest.mark.parametrize(
    "raw",
    [
        "13912345670",
        " 13912345670 ",
        "139 1234 5670",
        "139-1234-5670",
        "139.1234.5670",
        "139 123 456 70",
        "+8613912345670",
        "+86 139 1234 5670",
        "+86-139-1234-5670",
        "(+86)13912345670",
        "（+86）13912345670",
        "008613912345670",
        "0086-13912345670",
        "8613912345670",
        "86 139 1234 5670",
        "１３９１２３４５６７０",
        "＋８６１３９１２３４５６７０",
        "139—1234—5670",
        "13912345670（微信同号）",
        "手机：13912345670",
        "Tel: 13912345670 张经理",
        "'13912345670",
        '="13912345670"',
        "13912345670.0",
        "1.391234567E+10",
        "1.3912345670E10",
        "\u202a13912345670\u202c",
        "139\u200b12345670",
        "13912345670,",
    ],
)
def test_a_chinese_mobile_in_every_shape(raw: str) -> None:
    assert normalise_phone(raw) == Phone(MOBILE, PhoneKind.MOBILE, "CN")


@pytest.mark.parametrize(
    ("raw", "e164", "extension"),
    [
        ("010-88886666", "+861088886666", ""),
        ("01088886666", "+861088886666", ""),
        ("(010)88886666", "+861088886666", ""),
        ("（010） 8888 6666", "+861088886666", ""),
        ("021 6288 8888", "+862162888888", ""),
        ("86-010-88886666", "+861088886666", ""),
        ("+86 10 8888 6666", "+861088886666", ""),
        ("+86-755-26001234", "+8675526001234", ""),
        ("0755-26001234-801", "+8675526001234", "801"),
        ("(010) 8888 6666 转 8001", "+861088886666", "8001"),
        ("电话 0571-87654321 ext. 12", "+8657187654321", "12"),
        ("0571-87654321分机3", "+8657187654321", "3"),
        ("400-820-8820", "+864008208820", ""),
        ("4008208820", "+864008208820", ""),
    ],
)
def test_a_chinese_landline(raw: str, e164: str, extension: str) -> None:
    assert normalise_phone(raw) == Phone(e164, PhoneKind.FIXED, "CN", extension)


@pytest.mark.parametrize(
    ("raw", "country", "e164", "kind", "where"),
    [
        ("+852 9123 4567", "CN", "+85291234567", PhoneKind.MOBILE, "HK"),
        ("00852 9123 4567", "CN", "+85291234567", PhoneKind.MOBILE, "HK"),
        ("+1 (415) 555-2671", "CN", "+14155552671", PhoneKind.MOBILE, "US"),
        ("0044 20 7946 0958", "CN", "+442079460958", PhoneKind.FIXED, "GB"),
        ("(415) 555-2671", "US", "+14155552671", PhoneKind.MOBILE, "US"),
        ("9123 4567", "HK", "+85291234567", PhoneKind.MOBILE, "HK"),
        ("13912345670", "US", "", None, ""),
        ("+86 139 1234 5670", "US", MOBILE, PhoneKind.MOBILE, "CN"),
    ],
)
def test_numbers_from_elsewhere(
    raw: str, country: str, e164: str, kind: PhoneKind | None, where: str
) -> None:
    phone = normalise_phone(raw, country)
    if kind is None:
        assert isinstance(phone, PhoneProblem)
    else:
        assert phone == Phone(e164, kind, where)


@pytest.mark.parametrize(
    ("raw", "main", "others"),
    [
        ("13912345670/13987654321", MOBILE, ("+8613987654321",)),
        ("13912345670、13987654321", MOBILE, ("+8613987654321",)),
        ("139 1234 5670 139 8765 4321", MOBILE, ("+8613987654321",)),
        ("010-88886666，13912345670", MOBILE, ("+861088886666",)),
        ("+852 9123 4567 / 13912345670", "+85291234567", (MOBILE,)),
        ("13912345670;13912345670", MOBILE, ()),
    ],
)
def test_several_numbers_in_one_cell(raw: str, main: str, others: tuple[str, ...]) -> None:
    phone = normalise_phone(raw)
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.others) == (main, others)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", PhoneProblem.EMPTY),
        ("   ", PhoneProblem.EMPTY),
        ("\u200b", PhoneProblem.EMPTY),
        ("无", PhoneProblem.NOT_A_NUMBER),
        ("abc", PhoneProblem.NOT_A_NUMBER),
        ("0", PhoneProblem.NOT_A_NUMBER),
        ("1391234567", PhoneProblem.WRONG_LENGTH),
        ("139123456701", PhoneProblem.WRONG_LENGTH),
        ("+861391234567", PhoneProblem.WRONG_LENGTH),
        ("88886666", PhoneProblem.WRONG_LENGTH),
        ("110", PhoneProblem.WRONG_LENGTH),
        ("12912345670", PhoneProblem.IMPOSSIBLE_PREFIX),
        ("11112345670", PhoneProblem.IMPOSSIBLE_PREFIX),
        ("+8612912345670", PhoneProblem.IMPOSSIBLE_PREFIX),
        ("1.39E+10", PhoneProblem.LOST_DIGITS),
        ("1.39123E+10", PhoneProblem.LOST_DIGITS),
        ("0755-2600123", PhoneProblem.INVALID),
        ("+1 555", PhoneProblem.WRONG_LENGTH),
    ],
)
def test_what_is_no_number_says_why(raw: str, problem: PhoneProblem) -> None:
    assert normalise_phone(raw) is problem


@pytest.mark.parametrize("prefix", range(100, 200))
def test_we_and_the_library_agree_on_the_ranges_of_mobiles(prefix: int) -> None:
    number = phonenumbers.parse(f"+86{prefix}98761234", None)
    mobile = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    phone = normalise_phone(f"{prefix}98761234")
    if mobile:
        assert phone == Phone(f"+86{prefix}98761234", PhoneKind.MOBILE, "CN")
    else:
        assert phone is PhoneProblem.IMPOSSIBLE_PREFIX


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_problem(raw: str) -> None:
    phone = normalise_phone(raw)
    assert isinstance(phone, Phone | PhoneProblem)
    if isinstance(phone, Phone):
        assert normalise_phone(phone.e164) == Phone(phone.e164, phone.kind, phone.country)


def test_the_national_digits_are_what_people_search_for() -> None:
    phone = normalise_phone("139 1234 5670")
    assert isinstance(phone, Phone)
    assert phone.national == "13912345670"
    abroad = normalise_phone("+852 9123 4567")
    assert isinstance(abroad, Phone)
    assert abroad.national == "85291234567"
