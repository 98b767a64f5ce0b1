"""What the operator set (`HUOJU_…`) is looked at before anything starts: a slip is one line and no traceback."""

from collections.abc import Mapping
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import psycopg
from psycopg.conninfo import conninfo_to_dict

from huoju.core.geo import COUNTRIES

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_ENGINES = ("duckdb", "postgres", "spark-local")
_WHOLE_NUMBERS = {"HUOJU_SMTP_PORT": (1, 65535), "HUOJU_DATABASE_POOL": (0, 10_000)}


def mistakes(environ: Mapping[str, str]) -> list[str]:
    """What is wrong with the settings, one sentence each, naming the variable; a password is never repeated."""
    found = []

    def wants(name: str, holds: bool, text: str) -> None:
        if environ.get(name) and not holds:
            found.append(f"{name} {text}")

    value = environ.get
    wants(
        "HUOJU_DATABASE_URL",
        _is_database(value("HUOJU_DATABASE_URL", "")),
        "is no PostgreSQL address such as postgresql://user:password@host:5432/database",
    )
    wants(
        "HUOJU_PUBLIC_URL",
        _is_web_address(value("HUOJU_PUBLIC_URL", "")),
        "is no web address such as https://huoju.example.com",
    )
    wants(
        "HUOJU_TIME_ZONE",
        value("HUOJU_TIME_ZONE", "") in available_timezones(),
        "is no time zone such as Asia/Shanghai",
    )
    wants("HUOJU_COUNTRY", value("HUOJU_COUNTRY", "") in COUNTRIES, "is no country code such as CN")
    currencies = {country.currency for country in COUNTRIES.values()}
    wants("HUOJU_CURRENCY", value("HUOJU_CURRENCY", "") in currencies, "is no currency code such as CNY")
    wants(
        "HUOJU_LOG_LEVEL", value("HUOJU_LOG_LEVEL", "") in _LOG_LEVELS, f"is none of {', '.join(_LOG_LEVELS)}"
    )
    engine = value("HUOJU_ENGINE", "")
    wants(
        "HUOJU_ENGINE",
        engine in _ENGINES or engine.startswith("spark://"),
        f"is none of {', '.join(_ENGINES)}, spark://host:port",
    )
    for name, (least, most) in _WHOLE_NUMBERS.items():
        number = value(name, "")
        wants(
            name,
            number.isascii() and number.isdecimal() and least <= int(number) <= most,
            f"is no whole number from {least} to {most}",
        )
    return found


def _is_database(address: str) -> bool:
    try:
        return bool(conninfo_to_dict(address))
    except psycopg.ProgrammingError:
        return False


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
