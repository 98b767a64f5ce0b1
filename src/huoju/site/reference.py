"""The API reference as the page draws it: the OpenAPI document, unfolded for people."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from ninja import Schema

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """A parameter or a field of a body; `depth` indents fields of fields."""

    name: str
    kind: str
    required: bool
    text: str
    depth: int = 0
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    anchor: str
    method: str
    path: str
    title: str
    text: str
    secured: bool
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]
    errors: list[tuple[str, str]]
    curl: str


@dataclass(frozen=True)
class Group:
    """Operations with the same tag."""

    name: str
    operations: list[Operation]


_REF = "#/components/schemas/"
_ERRORS = {
    "400": "The body is not JSON",
    "401": "No key, or a wrong one",
    "403": "The key lacks the scope",
    "404": "There is no such thing",
    "405": "The method is another",
    "409": "It cannot be done, for the reason that the message tells",
    "413": "Too large",
    "422": "Fields are missing or wrong",
    "429": "Too many requests; wait as long as Retry-After says",
    "500": "Our fault",
}


def with_errors(document: MutableMapping[str, Any], error: type[Schema]) -> None:
    """Tell of the errors of every operation of an OpenAPI document, all of one shape."""
    shape = error.model_json_schema(ref_template=_REF + "{model}")
    known = document.setdefault("components", {}).setdefault("schemas", {})
    known.update({**shape.pop("$defs", {}), error.__name__: shape})
    content = {"application/json": {"schema": {"$ref": _REF + error.__name__}}}
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            body, secured = "requestBody" in operation, bool(operation.get("security"))
            possible = {
                "400": body,
                "401": secured,
                "403": secured,
                "404": "{" in path,
                "409": method != "get",
                "413": body,
                "422": body or bool(operation.get("parameters")),
                "429": secured,
            }
            for status, text in _ERRORS.items():
                if possible.get(status, True):
                    operation["responses"].setdefault(status, {"description": text, "content": content})
            # 200 comes as a number and the others as text: told apart they would stand twice.
            told = {str(status): answer for status, answer in operation["responses"].items()}
            operation["responses"] = dict(sorted(told.items()))


def unfold(schema: Mapping[str, Any], base_url: str) -> list[Group]:
    """All operations of an OpenAPI document by tag, in the order of the document."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema.get("paths", {}).items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                tag = (operation.get("tags") or ["API"])[0]
                groups.setdefault(str(tag), []).append(_operation(schema, base_url, path, method, operation))
    return [Group(name, operations) for name, operations in groups.items()]


def _operation(
    schema: Mapping[str, Any], base_url: str, path: str, method: str, given: Mapping[str, Any]
) -> Operation:
    content = given.get("requestBody", {}).get("content", {})
    body = _fields(schema, _content_schema(content))
    secured = bool(given.get("security"))
    return Operation(
        anchor=str(given.get("operationId", path)),
        method=method.upper(),
        path=path,
        title=str(given.get("summary", "")),
        text=str(given.get("description", "")),
        secured=secured,
        parameters=[
            Field(
                str(item["name"]),
                _kind(schema, item.get("schema", {})),
                bool(item.get("required")),
                str(item.get("description") or item.get("schema", {}).get("description", "")),
                place=str(item.get("in", "")),
            )
            for item in given.get("parameters", [])
        ],
        body=body,
        answers=[
            (
                str(status),
                str(item.get("description", "")),
                _fields(schema, _content_schema(item.get("content", {}))),
            )
            for status, item in given.get("responses", {}).items()
            if str(status) not in _ERRORS
        ],
        errors=[
            (str(status), str(item.get("description", "")))
            for status, item in given.get("responses", {}).items()
            if str(status) in _ERRORS
        ],
        curl=_curl(base_url + path, method, secured, body, next(iter(content), "")),
    )


def _content_schema(content: Mapping[str, Any]) -> Mapping[str, Any]:
    for item in content.values():
        found: Mapping[str, Any] = item.get("schema", {})
        return found
    return {}


def _resolve(schema: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `$ref`, and take what is left of "this or null"."""
    if "$ref" in given:
        found: Any = schema
        for part in str(given["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        return _resolve(schema, found)
    options = [item for item in given.get("anyOf", given.get("allOf", [])) if item.get("type") != "null"]
    return _resolve(schema, options[0]) if len(options) == 1 else given


def _kind(schema: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    found = _resolve(schema, given)
    if "enum" in found:
        return " | ".join(str(value) for value in found["enum"])
    if found.get("type") == "array":
        return f"{_kind(schema, found.get('items', {}))}[]"
    if "anyOf" in found:
        return " | ".join(_kind(schema, item) for item in found["anyOf"] if item.get("type") != "null")
    return str(found.get("format") or found.get("type") or "any")


def _fields(schema: Mapping[str, Any], given: Mapping[str, Any], depth: int = 0) -> list[Field]:
    found = _resolve(schema, given)
    if found.get("type") == "array":
        found = _resolve(schema, found.get("items", {}))
    required = set(found.get("required", ()))
    fields = []
    for name, item in found.get("properties", {}).items():
        text = str(item.get("description") or _resolve(schema, item).get("description", ""))
        fields.append(Field(name, _kind(schema, item), name in required, text, depth))
        # Two levels are enough to write a request; deeper ones, and circles, end here.
        if depth < 2:
            fields += _fields(schema, item, depth + 1)
    return fields


_SAMPLES = {"integer": "1", "number": "1.5", "boolean": "true", "email": '"li@example.com"'}
_SAMPLES |= {"date": '"2026-01-31"', "date-time": '"2026-01-31T09:00:00Z"', "object": "{}"}


def _curl(url: str, method: str, secured: bool, body: list[Field], media: str) -> str:
    lines = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}{url}"]
    if secured:
        lines.append("-H 'Authorization: Bearer hj_…'")
    needed = [field for field in body if field.required and not field.depth] or [
        field for field in body if not field.depth
    ][:3]
    if needed and media == "application/json":
        pairs = ", ".join(f'"{field.name}": {_sample(field)}' for field in needed)
        lines += ["-H 'Content-Type: application/json'", f"-d '{{{pairs}}}'"]
    return " \\\n  ".join(lines)


def _sample(field: Field) -> str:
    if field.kind.endswith("[]"):
        return "[]"
    return _SAMPLES.get(field.kind, '"…"')
