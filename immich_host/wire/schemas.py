"""JSON schemas of all types of a document at once, so that equal models are described once."""

from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from pydantic_core import MISSING, CoreSchema

type Schema = dict[str, Any]
type Direction = Literal["in", "out"]

_MODES: dict[Direction, JsonSchemaMode] = {"in": "validation", "out": "serialization"}
_TEMPLATE = "#/components/schemas/{model}"


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, without made-up titles, and with answers' fields required unless MISSING."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "serialization" and field["type"] != "typed-dict-field":
            inner = field["schema"]
            return inner["type"] != "default" or inner.get("default") is not MISSING
        return super().field_is_required(field, total)


class Schemas:
    """Collects types, then describes them.

    Types are given with `want` first; `describe` and `components` work after `build`.
    """

    def __init__(self) -> None:
        self._wanted: dict[tuple[int, JsonSchemaMode], TypeAdapter[Any]] = {}
        self._kept: list[Any] = []
        self._made: dict[tuple[int, JsonSchemaMode], Schema] = {}
        self.components: dict[str, Schema] = {}

    def want(self, kind: Any, direction: Direction) -> None:
        """Ask for the schema of a type, as input or as output."""
        key = (id(kind), _MODES[direction])
        if key not in self._wanted:
            self._kept.append(kind)
            self._wanted[key] = TypeAdapter(kind)

    def build(self) -> None:
        """Make all schemas."""
        inputs: list[tuple[tuple[int, JsonSchemaMode], JsonSchemaMode, CoreSchema]] = [
            (key, key[1], adapter.core_schema) for key, adapter in self._wanted.items()
        ]
        made, definitions = _Generator(by_alias=True, ref_template=_TEMPLATE).generate_definitions(inputs)
        self._made = {key[0]: value for key, value in made.items()}
        self.components = {str(name): schema for name, schema in definitions.items()}
        for schema in self.components.values():
            schema.pop("title", None)

    def describe(self, kind: Any, direction: Direction) -> Schema:
        """The schema of a type that was wanted."""
        return self._made[id(kind), _MODES[direction]]

    def resolve(self, schema: Schema) -> Schema:
        """A schema itself, where it only refers to a component."""
        reference = schema.get("$ref")
        return self.components[reference.rsplit("/", 1)[-1]] if reference else schema
