"""Answers held against the server's own OpenAPI document: every field that it names, and no other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx

_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


class Document:
    """An OpenAPI 3.1 document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.operations: dict[tuple[str, str], Mapping[str, Any]] = {
            (method.upper(), path): operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }

    def check(self, method: str, path: str, answer: httpx.Response) -> None:
        """Fails where an answer is none of those that the operation `path` (with its `{names}`) may give."""
        where = f"{method} {path} answered {answer.status_code}"
        assert answer.status_code < 500, f"{where}: {answer.text[:300]}"
        if answer.status_code >= 400:
            assert isinstance(answer.json()["message"], str), where
            return
        described = self.operations[method, path]["responses"]
        assert str(answer.status_code) in described, f"{where}, which is not described"
        content = described[str(answer.status_code)].get("content", {}).get("application/json")
        if content is not None:
            assert answer.headers["content-type"].startswith("application/json"), where
            found = list(self.faults(content["schema"], answer.json()))
            assert found == [], f"{where}: {found[:5]}"

    def faults(self, schema: Mapping[str, Any], value: Any, at: str = "") -> Iterator[str]:
        """What in a value is not as its schema says."""
        if "$ref" in schema:
            yield from self.faults(self._named(schema["$ref"]), value, at)
            return
        if "anyOf" in schema:
            tried = [list(self.faults(one, value, at)) for one in schema["anyOf"]]
            if all(tried):
                yield from min(tried, key=len)
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is none of {schema['enum']}"
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(_is(value, kind) for kind in kinds):
            yield f"{at}: {value!r:.80} is no {' or '.join(kinds)}"
        elif isinstance(value, dict):
            yield from self._of_object(schema, value, at)
        elif isinstance(value, list):
            for number, one in enumerate(value):
                yield from self.faults(schema.get("items", {}), one, f"{at}[{number}]")
        elif isinstance(value, str):
            yield from _of_text(schema, value, at)

    def _of_object(self, schema: Mapping[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", "properties" not in schema)
        yield from (f"{at}.{name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, one in value.items():
            if name in known:
                yield from self.faults(known[name], one, f"{at}.{name}")
            elif isinstance(others, dict):
                yield from self.faults(others, one, f"{at}.{name}")
            elif not others:
                yield f"{at}.{name} is not described"

    def _named(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, float) and value.is_integer())


def _of_text(schema: Mapping[str, Any], value: str, at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if schema.get("format") == "uuid":
        try:
            UUID(value)
        except ValueError:
            yield f"{at}: {value!r} is no UUID"
