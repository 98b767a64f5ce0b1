"""What the operator set (`HUOJU_…`) is looked at before anything starts: a slip is one line and no traceback."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import psycopg
from psycopg.conninfo import conninfo_to_dict

from huoju.core.geo import COUNTRIES

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_ENGINES = ("duckdb", "postgres", "spark-local")
_LAKES = "s3://, gs://, gcs://, abfs://, abfss://, hdfs:// or file:///"


def mistakes(environ: Mapping[str, str]) -> list[str]:
    """What is wrong with the settings, one sentence each, naming the variable; a password is never repeated."""
    rules = {
        "HUOJU_DATABASE_URL": (
            _is_database,
            "is no PostgreSQL address such as postgresql://user:password@host:5432/database",
        ),
        "HUOJU_PUBLIC_URL": (_is_web_address, "is no web address such as https://huoju.example.com"),
        "HUOJU_TIME_ZONE": (available_timezones().__contains__, "is no time zone such as Asia/Shanghai"),
        "HUOJU_COUNTRY": (COUNTRIES.__contains__, "is no country code such as CN"),
        "HUOJU_CURRENCY": (
            {country.currency for country in COUNTRIES.values()}.__contains__,
            "is no currency code such as CNY",
        ),
        "HUOJU_LOG_LEVEL": (_LOG_LEVELS.__contains__, f"is none of {', '.join(_LOG_LEVELS)}"),
        "HUOJU_ENGINE": (_is_engine, f"is none of {', '.join(_ENGINES)}, spark://host:port"),
        "HUOJU_LAKE_URL": (_is_lake, f"is neither a folder nor an address that begins with {_LAKES}"),
        "HUOJU_SMTP_PORT": _whole_number(1, 65535),
        "HUOJU_DATABASE_POOL": _whole_number(0, 10_000),
    }
    given = {name: environ[name] for name in rules if environ.get(name)}
    return [f"{name} {rules[name][1]}" for name, value in given.items() if not rules[name][0](value)]


def _is_engine(name: str) -> bool:
    return name in _ENGINES or name.startswith("spark://")


def _is_lake(place: str) -> bool:
    scheme, separator, _rest = place.partition("://")
    return not separator or f"{scheme}://" in _LAKES


def _whole_number(least: int, most: int) -> tuple[Callable[[str], bool], str]:
    def holds(text: str) -> bool:
        return text.isascii() and text.isdecimal() and least <= int(text) <= most

    return holds, f"is no whole number from {least} to {most}"


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
