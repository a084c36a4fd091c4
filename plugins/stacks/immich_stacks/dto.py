"""Bodies and answers of this plugin's routes, as Immich names them."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import AssetResponseDto
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id


class StacksQuery(QueryDto):
    """Which stacks are wanted; all where nothing is said."""

    primary_asset_id: Id | None = None


class StackCreateDto(Dto):
    """Assets to put together; the first is shown."""

    asset_ids: Annotated[list[Id], Field(min_length=2)]


class StackUpdateDto(Dto):
    """What is to change in a stack."""

    primary_asset_id: Id | MISSING = MISSING


class StackResponseDto(Dto):
    """A stack with its assets, the one that is shown first."""

    assets: list[AssetResponseDto]
    id: UUID
    primary_asset_id: UUID
