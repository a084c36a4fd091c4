"""Confirmations: `<entity type>|<id>[|<more>]`, as they stand in each line and come back from clients."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from immich_host.plugin_api.errors import Refused
from immich_host.sync.types import SyncEntityType

RESET = f"{SyncEntityType.SYNC_RESET_V1}|reset"
"""The confirmation that a client has forgotten everything."""

_LONGEST = 200

NOTHING = UUID(int=0)
"""Below every id."""


@dataclass(frozen=True, slots=True)
class Ack:
    """One confirmation."""

    type: str
    id: UUID
    extra: str | None = None

    @classmethod
    def read(cls, text: str) -> Self:
        """Take a confirmation apart.

        Raises:
            Refused: 400 - it is none.
        """
        kind, _, rest = text.partition("|")
        if kind not in SyncEntityType:
            raise Refused(400, f"Invalid ack type: {kind}")
        name, _, extra = rest.partition("|")
        try:
            ack = cls(kind, UUID(name), extra or None)
            _ = ack.moment
        except (ValueError, OverflowError):
            raise Refused(400, f"Invalid ack: {text[:_LONGEST]}") from None
        if len(text) > _LONGEST:
            raise Refused(400, f"Invalid ack: {text[:_LONGEST]}")
        return ack

    @property
    def text(self) -> str:
        """As it stands in a line."""
        return f"{self.type}|{self.id}" + (f"|{self.extra}" if self.extra else "")

    @property
    def moment(self) -> datetime:
        """When its id was made: the first 48 bits of a UUID of version 7 are milliseconds."""
        return datetime.fromtimestamp((self.id.int >> 80) / 1000, UTC)
