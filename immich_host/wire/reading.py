"""Reading a request: path, query string and body, checked against the handler's types."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError
from quart import Request

from immich_host.plugin_api.errors import Refused
from immich_host.wire.handlers import Checked, Handled
from immich_host.wire.issues import VALIDATION_FAILED, issues_of, wrong_type

INVALID_JSON = "The body is not valid JSON"


def read_path(handled: Handled, raw: Mapping[str, str]) -> dict[str, Any]:
    """The path parameters by name.

    Raises:
        Refused: 400 with issues.
    """
    values: dict[str, Any] = {}
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
    for name, value in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True):
        key = name.removesuffix("[]")
        if key in handled.query_lists:
            values.setdefault(key, []).append(value)
        else:
            values[key] = value
    try:
        return checked.adapter.validate_python(values, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refused(error, checked, ()) from None


async def read_body(handled: Handled, request: Request) -> Any:
    """The JSON body as the handler's model; None where it takes none, and then it is not read.

    Raises:
        Refused: 400: missing, not JSON, or with issues.
    """
    checked = handled.body
    if checked is None:
        return None
    data = await request.get_data(cache=False, as_text=False)
    if not data.strip():
        if handled.body_optional:
            return None
        issues = [wrong_type(checked.schema.type_of(checked.schema.root), "undefined", ())]
        raise Refused(400, VALIDATION_FAILED, issues)
    try:
        return checked.adapter.validate_json(data, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        raise _refused(error, checked, ()) from None


def _refused(error: ValidationError, checked: Checked, start: tuple[str, ...]) -> Refused:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return Refused(400, INVALID_JSON)
    return Refused(400, VALIDATION_FAILED, issues_of(error, checked.schema, start))
