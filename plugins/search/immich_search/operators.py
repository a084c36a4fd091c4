"""From one field's operators to SQL."""

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from immich_host.plugin_api import Refused
from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.dto import Dto


@dataclass(frozen=True, slots=True)
class Column:
    """What a field is compared with."""

    sql: str
    """Null where it is not known."""
    kind: str = "text"
    """Type of the values in SQL."""
    parts: str = ""
    """What is looked through for parts of a text, if not `sql`; an index may be on it."""
    value: Callable[[Any], Any] = lambda value: value
    """From the wire to the database."""
    unknown: str | None = None
    """What `sql` has where it is not known, if not null."""


def add_operators(found: Conditions, column: Column, asked: Dto) -> None:
    """All operators of a field that are given.

    Raises:
        Refused: 400 for a value that cannot be one of the column's.
    """
    operators = _MOMENTS if column.kind == "timestamptz" else _OPERATORS
    for name in type(asked).model_fields:
        if name in asked.model_fields_set:
            operators[name](found, column, getattr(asked, name))


def _equal(found: Conditions, column: Column, value: Any) -> None:
    value = column.unknown if value is None else value
    if value is None:
        found.add(f"{column.sql} IS NULL")
    else:
        found.add(f"{column.sql} = ?::{column.kind}", column.value(value))


def _unequal(found: Conditions, column: Column, value: Any) -> None:
    value = column.unknown if value is None else value
    if value is None:
        found.add(f"{column.sql} IS NOT NULL")
    else:
        found.add(f"{column.sql} IS DISTINCT FROM ?::{column.kind}", column.value(value))


def _one_of(found: Conditions, column: Column, values: list[Any]) -> None:
    found.add(f"{column.sql} = ANY(?::{column.kind}[])", [column.value(value) for value in values])


def _none_of(found: Conditions, column: Column, values: list[Any]) -> None:
    values = [column.value(value) for value in values]
    found.add(f"({column.sql} IS NULL OR {column.sql} <> ALL(?::{column.kind}[]))", values)


type _Add = Callable[[Conditions, Column, Any], None]


def _compared(sign: str) -> _Add:
    def add(found: Conditions, column: Column, value: Any) -> None:
        found.add(f"{column.sql} {sign} ?::{column.kind}", column.value(value))

    return add


_PLAIN = r"regexp_replace(f_unaccent(?), '([\\%_])', '\\\1', 'g')"
"""A text as part of a pattern. Without accents first: some characters are then % or another that has a meaning."""


def _matching(before: str, after: str, *, is_wanted: bool = True) -> _Add:
    def add(found: Conditions, column: Column, value: str) -> None:
        matches = f"f_unaccent({column.parts or column.sql}) ILIKE '{before}' || {_PLAIN} || '{after}'"
        found.add(matches if is_wanted else f"({matches}) IS NOT TRUE", value)

    return add


_OPERATORS: Mapping[str, _Add] = {
    "eq": _equal,
    "ne": _unequal,
    "in_": _one_of,
    "not_in": _none_of,
    "lt": _compared("<"),
    "lte": _compared("<="),
    "gt": _compared(">"),
    "gte": _compared(">="),
    "like": _matching("%", "%"),
    "not_like": _matching("%", "%", is_wanted=False),
    "starts_with": _matching("", "%"),
    "ends_with": _matching("%", ""),
}


# --- moments: rows hold microseconds, clients are told milliseconds -----------------------------


def _end(moment: datetime) -> datetime:
    """When the millisecond is over that a client means; the microsecond where it names one."""
    step = timedelta(milliseconds=1) if moment.microsecond % 1000 == 0 else timedelta(microseconds=1)
    try:
        return moment + step
    except OverflowError:
        return moment


def _at(found: Conditions, column: Column, value: datetime | None) -> None:
    if value is None:
        _equal(found, column, value)
    else:
        found.add(f"({column.sql} >= ? AND {column.sql} < ?)", value, _end(value))


def _not_at(found: Conditions, column: Column, value: datetime | None) -> None:
    if value is None:
        _unequal(found, column, value)
    else:
        found.add(f"({column.sql} >= ? AND {column.sql} < ?) IS NOT TRUE", value, _end(value))


_MOMENTS: Mapping[str, _Add] = {
    "eq": _at,
    "ne": _not_at,
    "lt": _compared("<"),
    "gte": _compared(">="),
    "lte": lambda found, column, value: _compared("<")(found, column, _end(value)),
    "gt": lambda found, column, value: _compared(">=")(found, column, _end(value)),
}


def checksum_of(text: str) -> bytes:
    """The SHA-1 that a client writes in hex or base64.

    Raises:
        Refused: 400 for neither.
    """
    try:
        value = binascii.a2b_hex(text) if len(text) == 40 else binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        value = b""
    if len(value) != 20:
        raise Refused(400, "A checksum is the SHA-1 of a file, in hex or base64")
    return value
