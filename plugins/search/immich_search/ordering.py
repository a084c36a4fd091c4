"""How a search is sorted, and where in this order a page begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from immich_host.plugin_api import Refused
from immich_host.plugin_api.answers import AssetOrder
from immich_host.plugin_api.conditions import Conditions
from immich_search.dto import SearchOrder, SearchOrderField

type Position = tuple[Any, ...]
"""The values of an ordering's keys at the last asset of a page."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that is sorted by; never null."""

    sql: str
    kind: str
    read: Callable[[Any], Any]
    """From a cursor; ValueError, TypeError or OverflowError for what cannot be."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _uuid(value: Any) -> UUID:
    return UUID(_text(value))


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _whole(bits: int) -> Callable[[Any], int]:
    """A reader of integers that fit a column of so many bits."""

    def read(value: Any) -> int:
        if not isinstance(value, int):
            raise TypeError
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise ValueError
        return value

    return read


_ID = Key("asset.id", "uuid", _uuid)
_EXIF_ID = Key("exif.asset_id", "uuid", _uuid)
"""The same, for an index of `asset_exif` that the order is read from."""
_CREATED = Key("asset.file_created_at", "timestamptz", _moment)
_LOCAL = Key("asset.local_date_time", "timestamptz", _moment)
_SIZE = Key("coalesce(exif.file_size_in_byte, -1)", "bigint", _whole(64))


def _rating(*, is_up: bool) -> Key:
    """What is not rated comes last."""
    return Key(f"coalesce(exif.rating, {6 if is_up else -2})", "int", _whole(32))


@dataclass(frozen=True, slots=True)
class Ordering:
    """An order in which no two assets are equal."""

    order: SearchOrder

    @property
    def is_up(self) -> bool:
        """The least first."""
        return self.order.direction is AssetOrder.ASC

    @property
    def keys(self) -> tuple[Key, ...]:
        """What is sorted by, the first first, and all in one direction."""
        match self.order.field:
            case SearchOrderField.FILE_CREATED_AT:
                return _CREATED, _ID
            case SearchOrderField.LOCAL_DATE_TIME:
                return _LOCAL, _ID
            case SearchOrderField.FILE_SIZE_IN_BYTES:
                return _SIZE, _EXIF_ID
            case SearchOrderField.RATING:
                return _rating(is_up=self.is_up), _CREATED, _ID

    @property
    def needs_exif(self) -> bool:
        """Whether it names `exif`, which is then there for every asset: the row is as old as the asset's."""
        return any("exif." in key.sql for key in self.keys)

    @property
    def sql(self) -> str:
        """What stands after ORDER BY."""
        return ", ".join(f"{key.sql} {'ASC' if self.is_up else 'DESC'}" for key in self.keys)

    def begin_after(self, found: Conditions, position: Position) -> None:
        """Only what comes after a position."""
        columns = ", ".join(key.sql for key in self.keys)
        marks = ", ".join(f"?::{key.kind}" for key in self.keys)
        found.add(f"({columns}) {'>' if self.is_up else '<'} ({marks})", *position)

    def cursor(self, position: Position) -> str:
        """The position as clients give it back."""
        values = [self.order.field, self.order.direction, *position]
        return urlsafe_b64encode(orjson.dumps(values, default=str)).decode().rstrip("=")

    def position(self, cursor: str) -> Position:
        """The position in a cursor.

        Raises:
            Refused: 400 where it is none, or of a search that was sorted differently.
        """
        try:
            field, direction, *values = self._parts(cursor)
            if [field, direction] != [self.order.field, self.order.direction]:
                raise Refused(400, f"The cursor is of a search by {field} ({direction}); sort this one so, too")
            return tuple(key.read(value) for key, value in zip(self.keys, values, strict=True))
        except (ValueError, TypeError, OverflowError, NotBase64):
            raise Refused(400, "Invalid cursor: it is not from the answer to a search") from None

    @staticmethod
    def _parts(cursor: str) -> Sequence[Any]:
        return orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
