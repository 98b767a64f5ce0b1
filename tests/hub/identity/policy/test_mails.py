"""Mail addresses in the shapes in which people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoju.hub.identity.policy import Email, EmailClass, EmailProblem, normalise_email


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ("zhang.san@huoju.cn", "zhang.san@huoju.cn"),
        (" Zhang.San@Huoju.CN ", "zhang.san@huoju.cn"),
        ("mailto:a@b.com", "a@b.com"),
        ("mailto:a@b.com?subject=hi", "a@b.com"),
        ("张三 <a@b.com>", "a@b.com"),
        ('"San, Zhang" <a@b.com>', "a@b.com"),
        ("a＠b。com", "a@b.com"),
        ("ａ＠ｂ．ｃｏｍ", "a@b.com"),
        ("a@b.com.", "a@b.com"),
        ("a@b.com；", "a@b.com"),
        ("'a@b.com'", "a@b.com"),
        ("a @ b . com", "a@b.com"),
        ("a@b.com; c@d.com", "a@b.com"),
        ("a@b.com、c@d.com", "a@b.com"),
        ("a@b.com c@d.com", "a@b.com"),
        ("a@b.com/c@d.com", "a@b.com"),
        ("a@b.com（公司）", "a@b.com"),
        ("邮箱：a@b.com", "a@b.com"),
        ("a\u200b@b.com", "a@b.com"),
        ("a@qq.con", "a@qq.com"),
        ("a@gmial.com", "a@gmail.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("张@例子.中国", "张@xn--fsqu00a.xn--fiqs8s"),
        ("a_b-c%d+e@x-y.co.uk", "a_b-c%d+e@x-y.co.uk"),
    ],
)
def test_an_address_in_every_shape(raw: str, address: str) -> None:
    email = normalise_email(raw)
    assert isinstance(email, Email)
    assert email.address == address
    assert email.domain == address.partition("@")[2]


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("", EmailProblem.EMPTY),
        ("  ", EmailProblem.EMPTY),
        ("nobody", EmailProblem.NO_AT),
        ("无", EmailProblem.NO_AT),
        ("@b.com", EmailProblem.INVALID),
        ("a@", EmailProblem.INVALID),
        ("a..b@c.com", EmailProblem.INVALID),
        ("a@b", EmailProblem.BAD_DOMAIN),
        ("a@-b.com", EmailProblem.INVALID),
        ("user@[127.0.0.1]", EmailProblem.BAD_DOMAIN),
        ("@", EmailProblem.INVALID),
        (";@;", EmailProblem.INVALID),
    ],
)
def test_what_is_no_address_says_why(raw: str, problem: EmailProblem) -> None:
    assert normalise_email(raw) is problem


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("j.doe@gmail.com", "jdoe+shop@googlemail.com", True),
        ("a+b@outlook.com", "a@outlook.com", True),
        ("a.b@huoju.cn", "ab@huoju.cn", False),
        ("a+b@huoju.cn", "a@huoju.cn", False),
        ("A@huoju.cn", "a@HUOJU.cn", True),
    ],
)
def test_one_box_has_one_key(one: str, other: str, same: bool) -> None:
    a, b = normalise_email(one), normalise_email(other)
    assert isinstance(a, Email)
    assert isinstance(b, Email)
    assert (a.key == b.key) is same


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("a@huoju.cn", EmailClass.WORK),
        ("1234567@qq.com", EmailClass.FREE),
        ("x@mailinator.com", EmailClass.DISPOSABLE),
        ("sales@huoju.cn", EmailClass.ROLE),
    ],
)
def test_the_class_comes_along(raw: str, kind: EmailClass) -> None:
    email = normalise_email(raw)
    assert isinstance(email, Email)
    assert email.email_class is kind


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_problem(raw: str) -> None:
    assert isinstance(normalise_email(raw), Email | EmailProblem)


@given(st.emails())
def test_a_normal_form_is_its_own_normal_form(raw: str) -> None:
    email = normalise_email(raw)
    if isinstance(email, Email):
        assert normalise_email(email.address) == email
