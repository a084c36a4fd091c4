"""Lines of the sync stream held against the schemas of Immich's API, which the app is generated from."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[3] / "shared" / "api" / "immich-api-3.2.2.json"

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@cache
def schemas() -> Mapping[str, Any]:
    """Name -> schema; empty where the contract is not beside this checkout."""
    return json.loads(CONTRACT.read_text())["components"]["schemas"] if CONTRACT.exists() else {}


def faults(name: str, value: Any) -> list[str]:
    """What in a value is not as the schema of that name says; nothing where there are no schemas."""
    return list(_faults(schemas()[name], value, name)) if schemas() else []


def _faults(schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
    if value is None and schema.get("nullable"):
        return
    if "$ref" in schema:
        yield from _faults(schemas()[schema["$ref"].rpartition("/")[2]], value, at)
        return
    for part in schema.get("allOf", ()):
        yield from _faults(part, value, at)
    kinds = _TYPES.get(schema.get("type", ""))
    if kinds is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match its pattern"
    if not schema.get("minimum", value) <= value <= schema.get("maximum", value) if _is_number(value) else False:
        yield f"{at}: {value!r} is out of bounds"
    if isinstance(value, dict):
        yield from _of_object(schema, value, at)
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _faults(schema.get("items", {}), each, f"{at}[{number}]")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_object(schema: Mapping[str, Any], value: Mapping[str, Any], at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{at}: {name} is missing"
    for name, each in value.items():
        if name in known:
            yield from _faults(known[name], each, f"{at}.{name}")
        elif "additionalProperties" not in schema:
            yield f"{at}: {name} is unknown"
