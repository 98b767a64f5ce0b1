"""What the log filter masks, and what it leaves alone."""

import logging
import sys

import pytest

from huoju.core.privacy import MaskPersonalData, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("13812345678", "138******78"),
        ("phone=138 1234 5678.", "phone=138******78."),
        ("+8613812345678", "+86138******78"),
        ("+86 138 1234 5678", "+86 138******78"),
        ("+4915112345678", "+49151******78"),
        ("电话13812345678，邮箱li.na@example.cn谢谢", "电话138******78，邮箱l***@example.cn谢谢"),
        ("li.na+ad@mail.example.com.cn", "l***@mail.example.com.cn"),
        ("<z@example.cn>", "<z***@example.cn>"),
        ("021-62345678", "021-******78"),
        ("0755 86543210", "0755 ******10"),
        ("Gone: /u/eyJhIjoi.x:1tQ-z:a_B/", "Gone: /u/***/"),
        ("GET /accounts/password/new/Mg/c3k-8f2b90/", "GET /accounts/password/new/Mg/***/"),
        ("password=hunter2&x=1", "password=***&x=1"),
        ('{"api_key": "abc", "n": 1}', '{"api_key": ***, "n": 1}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("key hj_abcd1234567890", "key hj_abcd***"),
    ],
)
def test_personal_data_and_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "lead 13812345 of import 42",
        "took 0.138123456789 s",
        "0191b2c3-1381-7345-8138-123456789012",
        "2026-11-21 19:52:19",
        "¥12,345,678.90",
        "91310000MA1K35YT3X",
    ],
)
def test_ordinary_figures_stay(text: str) -> None:
    assert mask(text) == text


def _record(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord("huoju", logging.INFO, __file__, 1, message, args, None)


def test_the_filter_masks_arguments() -> None:
    record = _record("call %s about %d", "13812345678", 7)
    assert MaskPersonalData().filter(record)
    assert record.getMessage() == "call 138******78 about 7"


def test_the_filter_masks_tracebacks() -> None:
    record = _record("failed")
    try:
        raise ValueError("bad number 13812345678")
    except ValueError:
        record.exc_info = sys.exc_info()
    assert MaskPersonalData().filter(record)
    assert record.exc_text is not None
    assert record.exc_text.endswith("ValueError: bad number 138******78")


def test_a_broken_message_is_left_to_its_handler() -> None:
    assert MaskPersonalData().filter(_record("%d", "x"))
