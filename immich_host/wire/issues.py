"""Validation errors as Immich's clients know them: zod issues under `errors`."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from immich_host.wire.paths import SchemaView

type Issue = dict[str, object]

VALIDATION_FAILED = "Validation failed"

_EXPECTED = {
    "string_type": "string",
    "uuid_type": "string",
    "datetime_type": "string",
    "date_type": "string",
    "int_type": "number",
    "float_type": "number",
    "bool_type": "boolean",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
    "int_parsing": "number",
    "float_parsing": "number",
    "query_int": "number",
    "int_from_float": "int",
    "finite_number": "number",
}

_NOT_NUMBERS = frozenset({"int_parsing", "float_parsing", "query_int"})
"""Text in a query string that was to be a number; JavaScript converts it first."""

_FORMATS = {
    "uuid_parsing": ("uuid", "Invalid UUID"),
    "uuid_version": ("uuid", "Invalid UUID"),
    "datetime_parsing": ("datetime", "Invalid ISO datetime"),
    "datetime_from_date_parsing": ("datetime", "Invalid ISO datetime"),
    "datetime_object_invalid": ("datetime", "Invalid ISO datetime"),
    "timezone_aware": ("datetime", "Invalid ISO datetime"),
    "date_parsing": ("date", "Invalid ISO date"),
    "date_from_datetime_parsing": ("date", "Invalid ISO date"),
    "date_from_datetime_inexact": ("date", "Invalid ISO date"),
}


def issue(code: str, path: Sequence[object], message: str, **details: object) -> Issue:
    """One issue, as clients read it."""
    return {"code": code, **details, "path": list(path), "message": message}


def wrong_type(expected: str, received: str, path: Sequence[object]) -> Issue:
    """The issue for a value of another type than expected; `received` may be `undefined`."""
    message = f"Invalid input: expected {expected}, received {received}"
    return issue("invalid_type", path, message, expected=expected)


def issues_of(error: ValidationError, schema: SchemaView, start: Sequence[object] = ()) -> list[Issue]:
    """Issues for what pydantic found, one per place.

    Args:
        error: What pydantic raised.
        schema: The JSON schema that was checked against.
        start: Path of the checked value itself, e.g. `("id",)` for a path parameter.
    """
    found: dict[tuple[object, ...], Issue] = {}
    for detail in error.errors(include_url=False):
        if detail["type"] == "missing_sentinel_error":
            continue
        node, path = schema.locate(detail["loc"])
        place = (*start, *path)
        found.setdefault(place, _issue_of(detail, node, schema, place))
    return list(found.values())


def _issue_of(detail: Mapping[str, Any], node: Mapping[str, Any], schema: SchemaView, place: Sequence[object]) -> Issue:
    kind = detail["type"]
    if kind == "missing":
        return _absent(node, schema, place)
    if kind in ("enum", "literal_error", "query_bool", "bool_parsing"):
        return _unknown_option(schema.options(node) or ["true", "false"], place)
    if kind in _FORMATS:
        name, message = _FORMATS[kind]
        return issue("invalid_format", place, message, origin="string", format=name)
    if kind == "string_pattern_mismatch":
        return _mismatch(node, str(detail["ctx"]["pattern"]), place)
    if kind in _EXPECTED:
        expected = _EXPECTED[kind]
        received = "NaN" if kind in _NOT_NUMBERS else _javascript_type(detail["input"])
        return wrong_type("int" if expected == received == "number" else expected, received, place)
    sized = _SIZES.get(kind)
    if sized is not None:
        return sized(detail["ctx"], place)
    return issue("custom", place, str(detail["msg"]))


def _absent(node: Mapping[str, Any], schema: SchemaView, place: Sequence[object]) -> Issue:
    options = schema.options(node)
    if options:
        return _unknown_option(options, place)
    return wrong_type(schema.type_of(node), "undefined", place)


def _unknown_option(options: Sequence[object], place: Sequence[object]) -> Issue:
    shown = "|".join(f'"{option}"' if isinstance(option, str) else str(option) for option in options)
    message = f"Invalid option: expected one of {shown}" if len(options) > 1 else f"Invalid input: expected {shown}"
    return issue("invalid_value", place, message, values=list(options))


def _mismatch(node: Mapping[str, Any], pattern: str, place: Sequence[object]) -> Issue:
    if node.get("format") == "email":
        return issue("invalid_format", place, "Invalid email address", origin="string", format="email")
    message = f"Invalid string: must match pattern /{pattern}/"
    return issue("invalid_format", place, message, origin="string", format="regex", pattern=f"/{pattern}/")


def _javascript_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


type _Sized = Callable[[Mapping[str, Any], Sequence[object]], Issue]


def _limit(key: str, origin: str, sign: str, unit: str = "") -> _Sized:
    small = sign.startswith(">")

    def make(context: Mapping[str, Any], place: Sequence[object]) -> Issue:
        bound = context[key]
        what = f"{origin} to have {sign}{bound} {unit}" if unit else f"{origin} to be {sign}{bound}"
        details: Issue = {"minimum" if small else "maximum": bound, "inclusive": "=" in sign, "origin": origin}
        message = f"Too {'small' if small else 'big'}: expected {what}"
        return issue("too_small" if small else "too_big", place, message, **details)

    return make


_SIZES: dict[str, _Sized] = {
    "greater_than_equal": _limit("ge", "number", ">="),
    "greater_than": _limit("gt", "number", ">"),
    "less_than_equal": _limit("le", "number", "<="),
    "less_than": _limit("lt", "number", "<"),
    "string_too_short": _limit("min_length", "string", ">=", "characters"),
    "string_too_long": _limit("max_length", "string", "<=", "characters"),
    "too_short": _limit("min_length", "array", ">=", "items"),
    "too_long": _limit("max_length", "array", "<=", "items"),
}
