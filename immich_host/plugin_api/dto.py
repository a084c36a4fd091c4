"""Bases of every wire model: JSON bodies and query strings."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema


def _stop_at_first_fault(schema: Any) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "list":
            schema["fail_fast"] = True
        schema = schema.values()
    elif not isinstance(schema, list | tuple):
        return
    for part in schema:
        _stop_at_first_fault(part)


class Dto(BaseModel):
    """A JSON object on the wire: camelCase there, snake_case here.

    Bodies of requests are read strictly (no number from a string) and unknown keys are dropped;
    Python code may pass what converts. A field that may be absent but never null is
    `X | MISSING = MISSING`; a nullable one is `X | None`. Of a list with several faults the first
    is told.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="ignore",
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema as declared, but that lists are read only up to their first fault.

        Pydantic would note each of them, with gigabytes of notes for a body of a few megabytes.
        """
        schema = handler(source)
        _stop_at_first_fault(schema)
        return schema


class QueryDto(BaseModel):
    """A query string: every value arrives as text; what is absent is None or the default."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
    )
