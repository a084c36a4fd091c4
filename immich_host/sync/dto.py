"""Wire models of the sync routes."""

from typing import Annotated

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.sync.types import SyncEntityType, SyncRequestType


class SyncStreamDto(Dto):
    """What is asked for."""

    reset: bool | MISSING = MISSING
    types: list[SyncRequestType]


class SyncAckDto(Dto):
    """Up to where a session has confirmed lines of a type."""

    ack: str
    type: SyncEntityType


class SyncAckSetDto(Dto):
    """Confirmations, as they stood in lines."""

    acks: Annotated[list[str], Field(max_length=1000)]


class SyncAckDeleteDto(Dto):
    """Confirmations to forget; all where no types are named."""

    types: list[SyncEntityType] | MISSING = MISSING
