"""Wire models of memories."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import AssetResponseDto
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Day, Id, QueryBool, QueryInt, Timestamp

_LARGEST = 2**53 - 1

type _Number = Annotated[QueryInt, Field(ge=1, le=_LARGEST)]


class MemoryType(StrEnum):
    """What a memory is of."""

    ON_THIS_DAY = "on_this_day"


class MemorySearchOrder(StrEnum):
    """Order of a list: by the day that memories are of, or none."""

    ASC = "asc"
    DESC = "desc"
    RANDOM = "random"


class OnThisDayDto(Dto):
    """Which year."""

    year: Annotated[int, Field(ge=1000, le=9999)]


class MemoryCreateDto(Dto):
    """A new memory."""

    asset_ids: list[Id] | MISSING = MISSING
    data: OnThisDayDto
    hide_at: Timestamp | MISSING = MISSING
    is_saved: bool | MISSING = MISSING
    memory_at: Timestamp
    seen_at: Timestamp | MISSING = MISSING
    show_at: Timestamp | MISSING = MISSING
    type: MemoryType


class MemoryUpdateDto(Dto):
    """What is to change of a memory; what is absent stays."""

    is_saved: bool | MISSING = MISSING
    memory_at: Timestamp | MISSING = MISSING
    seen_at: Timestamp | MISSING = MISSING


class MemoryResponseDto(Dto):
    """A memory, with those of its assets that are shown."""

    assets: list[AssetResponseDto]
    created_at: Timestamp
    data: OnThisDayDto
    deleted_at: Timestamp | MISSING = MISSING
    hide_at: Timestamp | MISSING = MISSING
    id: UUID
    is_saved: bool
    memory_at: Timestamp
    owner_id: UUID
    seen_at: Timestamp | MISSING = MISSING
    show_at: Timestamp | MISSING = MISSING
    type: MemoryType
    updated_at: Timestamp


class MemoryStatisticsResponseDto(Dto):
    """How many memories."""

    total: Annotated[int, Field(ge=-_LARGEST, le=_LARGEST)]


class MemoriesQuery(QueryDto):
    """Query of `searchMemories` and `memoriesStatistics`; `for` is a day of UTC."""

    for_: Annotated[Day | None, Field(alias="for")] = None
    id: Id | None = None
    is_saved: QueryBool | None = None
    is_trashed: QueryBool | None = None
    is_upcoming: QueryBool | None = None
    order: MemorySearchOrder | None = None
    page: _Number | None = None
    size: _Number | None = None
    type: MemoryType | None = None
