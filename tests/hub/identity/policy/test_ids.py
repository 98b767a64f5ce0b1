import pytest

from huoju.hub.identity.policy import (
    Identifier,
    IdentifierKind,
    Strength,
    identifiers_in,
    normalise_identifier,
)

K = IdentifierKind


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (K.MOBILE, " 138 1234 5678 ", "+8613812345678"),
        (K.MOBILE, "010-62345678", None),
        (K.EMAIL, "Li.Na@ACME.cn", "li.na@acme.cn"),
        (K.EMAIL, "li.na", None),
        (K.WECHAT_UNIONID, " oABCdef123_-x ", "oABCdef123_-x"),
        (K.WECHAT_UNIONID, "o A", None),
        (K.WECHAT_OPENID, "o6_bmjrPTlm6_2sgVt7hMZOPfL2M", "o6_bmjrPTlm6_2sgVt7hMZOPfL2M"),
        (K.WECOM_EXTERNAL_USERID, "wmJ2GCAAAAme1XQRC-NI-q0_ZM9ukoAw", "wmJ2GCAAAAme1XQRC-NI-q0_ZM9ukoAw"),
        (K.VISITOR, "0192f0c1-7e4c-7abc", "0192f0c1-7e4c-7abc"),
        (K.VISITOR, "1", None),
        (K.VISITOR, "undefined", None),
        (K.VISITOR, "x" * 65, None),
        (K.EXTERNAL, "CRM : 00Q-17", "crm:00Q-17"),
        (K.EXTERNAL, "00Q-17", None),
        (K.EXTERNAL, "crm:", None),
    ],
)
def test_normal_forms(kind: K, raw: str, value: str | None) -> None:
    found = normalise_identifier(kind, raw)
    assert (found.value if found else None) == value
    if found:
        assert normalise_identifier(kind, found.value) == found


def test_shared_boxes_and_browsers_are_weak() -> None:
    assert normalise_identifier(K.EMAIL, "info@acme.cn") == Identifier(K.EMAIL, "info@acme.cn", Strength.WEAK)
    assert normalise_identifier(K.VISITOR, "0192f0c1-7e4c") == Identifier(
        K.VISITOR, "0192f0c1-7e4c", Strength.WEAK
    )


def test_what_a_search_text_may_be() -> None:
    assert identifiers_in("13812345678")[0].kind is K.MOBILE
    assert identifiers_in("li.na@acme.cn")[0].kind is K.EMAIL
    assert identifiers_in("李娜") == []
