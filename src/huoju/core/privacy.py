"""Personal data stays out of the log: phones, mail addresses and keys are masked on their way there."""

import logging
import re

# ASCII only: Chinese text runs on before and after a number without a space.
_MAIL = re.compile(r"(?<![\w.+-])([\w+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)", re.ASCII)
# A mobile number of mainland China, or an international number with its plus; not a part of a longer number.
_PHONE = re.compile(
    r"(?<![\w.-])((?:\+?86[ -]?)?1[3-9]\d|\+\d{1,3}[ -]?\d{2})((?:[ -]?\d){4,})(\d{2})(?![\w-])", re.ASCII
)
# Huoju's API keys, and whatever is called a secret in a query string, JSON, or a repr.
_KEY = re.compile(r"\b(hj_\w{4})[\w-]{6,}")
_NAMED = re.compile(
    r"(?i)\b((?:password|passwd|secret|token|api[_-]?key|authorization|cookie|sessionid)[\"']?\s*[:=]\s*"
    r"(?:(?:bearer|basic)\s+)?)[\"']?[^\s\"',;&})]+[\"']?"
)
# Links that stand for their holder: they sign in, or carry an address that the signature covers.
_LINK = re.compile(r"(/(?:u|preferences|confirm|data-request|password/new/\w+)/)[\w:.=-]{8,}")
# Fixed lines of mainland China, with area code.
_LANDLINE = re.compile(r"(?<![\w.-])(0\d{2,3}[ -]?)(\d{5,6})(\d{2})(?![\w-])", re.ASCII)


def mask(text: str) -> str:
    """`text` with mail addresses, phone numbers and secrets made unrecognisable.

    >>> mask("call 13812345678 or li.na@example.cn")
    'call 138******78 or l***@example.cn'
    """
    text = _NAMED.sub(r"\1***", text)
    text = _KEY.sub(r"\1***", text)
    text = _LINK.sub(r"\1***", text)
    text = _MAIL.sub(r"\1***@\2", text)
    return _LANDLINE.sub(_starred, _PHONE.sub(_starred, text))


def _starred(match: re.Match[str]) -> str:
    return f"{match[1]}{'*' * len(re.sub(r'[ -]', '', match[2]))}{match[3]}"


class MaskPersonalData(logging.Filter):
    """A log filter that masks the message, its arguments and the traceback of every record."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask `record` in place; never drops it."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # the arguments do not fit the message: its handler reports that
            return True
        record.msg, record.args = mask(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True
