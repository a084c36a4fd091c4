"""Finding one's way in a JSON schema: which part of it a pydantic error speaks of."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

type Node = Mapping[str, Any]

_EMPTY: Node = {}


class SchemaView:
    """The JSON schema of a type, made when it is first asked for.

    Args:
        adapter: The type.
    """

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        self._adapter = adapter

    @cached_property
    def root(self) -> Node:
        """The schema as pydantic makes it for input."""
        return self._adapter.json_schema(mode="validation", by_alias=True)

    def locate(self, loc: Sequence[str | int]) -> tuple[Node, list[str | int]]:
        """The part of the schema at a pydantic location, and the location as a client sees it.

        Pydantic puts names of union members into its locations; they are left out.
        """
        node: Node = self.root
        path: list[str | int] = []
        for step in loc:
            inner = self._step(node, step)
            if inner is not None:
                node = inner
                path.append(step)
        return node, path

    def options(self, node: Node) -> list[object]:
        """The values that an enum or literal allows, or nothing."""
        return [
            value
            for part in self._alternatives(node)
            for value in part.get("enum", [part["const"]] if "const" in part else [])
        ]

    def type_of(self, node: Node) -> str:
        """The JSON type at a node, `number` for all numbers."""
        for part in self._alternatives(node):
            kind = part.get("type")
            if isinstance(kind, str) and kind != "null":
                return "number" if kind == "integer" else kind
        return "nonoptional"

    def _alternatives(self, node: Node) -> Iterator[Node]:
        if "$ref" in node:
            yield from self._alternatives(self.root.get("$defs", _EMPTY).get(node["$ref"].rsplit("/", 1)[-1], _EMPTY))
            return
        for key in ("anyOf", "oneOf", "allOf"):
            for part in node.get(key, ()):
                yield from self._alternatives(part)
        yield node

    def _step(self, node: Node, step: str | int) -> Node | None:
        for part in self._alternatives(node):
            if isinstance(step, int):
                if "items" in part:
                    return part["items"]
            elif step in part.get("properties", _EMPTY):
                return part["properties"][step]
            elif part.get("additionalProperties"):
                rest = part["additionalProperties"]
                return rest if isinstance(rest, dict) else _EMPTY
        return None
