"""Types of the wire: how ids, dates and other small values are read and written as JSON."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

_EMAIL = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
)


EARLIEST: Final = datetime(1, 2, 2, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""Between these every zone's clock can be told; the days at the very ends mean infinity to the database."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


def storable(moment: datetime) -> datetime:
    """The moment, or the nearest that can be stored and told: some clients send the year 1 for no date."""
    return min(max(moment, EARLIEST), LATEST)


def wire_time(value: datetime) -> str:
    """A moment as the wire has it: UTC, milliseconds, `Z`."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="milliseconds")[:23] + "Z"


def uuid4_only(value: UUID) -> UUID:
    """Let version 4 pass.

    Raises:
        PydanticCustomError: Of type `uuid_version`.
    """
    if value.version != 4:
        raise PydanticCustomError("uuid_version", "Invalid UUID")
    return value


def _moment(value: object, read: ValidatorFunctionWrapHandler) -> datetime:
    """Read a moment; a client's is text, no number of seconds, and one that can be stored."""
    if not isinstance(value, str):
        return read(value)
    if "-" not in value.strip()[1:]:
        raise PydanticKnownError("datetime_parsing", {"error": "no date"})
    return storable(_MOMENT.validate_python(value))  # as `read` does not know any more that the text stood in JSON


def _calendar_day(value: object, read: ValidatorFunctionWrapHandler) -> date:
    """Read a day; a client's is text, no number of seconds."""
    if not isinstance(value, str):
        return read(value)
    if _DAY.fullmatch(value) is None:
        raise PydanticKnownError("date_parsing", {"error": "no date"})
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticKnownError("date_parsing", {"error": "no date"}) from None


def _flag(value: object) -> object:
    if value == "true":
        return True
    if value == "false":
        return False
    if isinstance(value, bool):
        return value
    raise PydanticCustomError("query_bool", "Expected true or false")


def _whole(value: object) -> object:
    if isinstance(value, str) and not value.removeprefix("-").isdecimal():
        raise PydanticCustomError("query_int", "Expected a whole number")
    return value


Timestamp = Annotated[
    AwareDatetime,
    WrapValidator(_moment),
    PlainSerializer(wire_time, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment; read with any offset, written as `2024-05-01T10:11:12.345Z`."""

Day = Annotated[date, WrapValidator(_calendar_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day of the calendar: `2024-05-01`."""

Id = Annotated[UUID, AfterValidator(uuid4_only)]
"""An id that a client sends: a UUID of version 4. Ids in answers are plain `UUID`."""

Email = Annotated[
    str,
    StringConstraints(pattern=_EMAIL, to_lower=True),
    WithJsonSchema({"type": "string", "format": "email"}),
]
"""An e-mail address, in lower case."""

PinCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
"""Six digits."""

HexColor = Annotated[
    str,
    StringConstraints(pattern=r"^#?([0-9A-Fa-f]{3}|[0-9A-Fa-f]{4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$"),
]
"""A colour such as `#4488ff`."""

ClockTime = Annotated[str, StringConstraints(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day, `HH:MM`."""

ProductKey = Annotated[str, StringConstraints(pattern=r"^IM(SV|CL)(-[0-9A-Za-z]{4}){8}$")]
"""The form of a product key."""

Uri = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]
"""An address."""

Binary = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})]
"""The content of a file in a form; only documented, forms are read as streams."""

QueryBool = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
"""`true` or `false` in a query string."""

QueryInt = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
"""A whole number in a query string."""
