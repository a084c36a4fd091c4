"""Bases of every wire model: JSON bodies and query strings."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Dto(BaseModel):
    """A JSON object on the wire: camelCase there, snake_case here.

    Bodies of requests are read strictly (no number from a string) and unknown keys are dropped;
    Python code may pass what converts. A field that may be absent but never null is
    `X | MISSING = MISSING`; a nullable one is `X | None`.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="ignore",
    )


class QueryDto(BaseModel):
    """A query string: every value arrives as text; what is absent is None or the default."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
    )
