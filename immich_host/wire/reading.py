"""Reading a request: path, query string and body, checked against the handler's types."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import ValidationError
from quart import Request

from immich_host.plugin_api.errors import Refused
from immich_host.wire.handlers import Checked, Handled
from immich_host.wire.issues import VALIDATION_FAILED, Issue, issue, issues_of, wrong_type

INVALID_JSON = "The body is not valid JSON"
NOT_SENT_AS_JSON = "The body must be sent as application/json"

_OF_ANY_PAGE: Final = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
"""Types that a page of another site may post here unasked: JSON under them could sign a browser in or up."""

LARGEST: Final = 2**63 - 1
"""Whole numbers beyond it are no column's and no clock's."""

_SUSPICIOUS: Final = re.compile(rb"\\u0000|[0-9]{19}")
"""What a body has in it that holds something which cannot be stored; others are spared a second look."""


def read_path(handled: Handled, raw: Mapping[str, str]) -> dict[str, Any]:
    """The path parameters by name.

    Raises:
        Refused: 400 with issues.
    """
    values: dict[str, Any] = {}
    _require_storable(dict(raw))
    for name, checked in handled.path.items():
        try:
            values[name] = checked.adapter.validate_strings(raw[name])
        except ValidationError as error:
            raise _refused(error, checked, (name,)) from None
    return values


def read_query(handled: Handled, query_string: bytes) -> Any:
    """The query string as the handler's model; None where it takes none. The byte lane uses it too.

    Raises:
        Refused: 400 with issues.
    """
    checked = handled.query
    if checked is None:
        return None
    values: dict[str, Any] = {}
    for name, value in parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True):
        key = name.removesuffix("[]")
        if key in handled.query_lists:
            values.setdefault(key, []).append(value)
        else:
            values[key] = value
    _require_storable(values)
    try:
        return checked.adapter.validate_python(values, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refused(error, checked, ()) from None


async def read_body(handled: Handled, request: Request) -> Any:
    """The JSON body as the handler's model; None where it takes none, and then it is not read.

    Raises:
        Refused: 400: missing, not JSON or not sent as such, or with issues.
    """
    checked = handled.body
    if checked is None:
        return None
    data: bytes = await request.get_data(cache=False)  # type: ignore[assignment] - text only if asked for
    if not data.strip():
        if handled.body_optional:
            return None
        issues = [wrong_type(checked.schema.type_of(checked.schema.root), "undefined", ())]
        raise Refused(400, VALIDATION_FAILED, issues)
    if request.mimetype in _OF_ANY_PAGE:
        raise Refused(400, NOT_SENT_AS_JSON)
    try:
        body = checked.adapter.validate_json(data, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refused(error, checked, ()) from None
    if _SUSPICIOUS.search(data):
        _require_storable(json.loads(data))
    return body


def _refused(error: ValidationError, checked: Checked, start: tuple[str, ...]) -> Refused:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Refused(400, INVALID_JSON)
    return Refused(400, VALIDATION_FAILED, issues_of(error, checked.schema, start))


def _require_storable(value: Any) -> None:
    """Refuse what PostgreSQL cannot store: text with U+0000, numbers of more than 64 bits."""
    found = next(_unstorable(value, ()), None)
    if found is not None:
        raise Refused(400, VALIDATION_FAILED, [found])


def _unstorable(value: Any, path: tuple[object, ...]) -> Iterator[Issue]:
    if isinstance(value, str) and "\0" in value:
        yield issue("custom", path, "Invalid input: text with the character U+0000")
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield issue("too_big", path, f"Too big: expected number to be <={LARGEST}", maximum=LARGEST)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _unstorable(name, path)
            yield from _unstorable(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _unstorable(inner, (*path, position))
