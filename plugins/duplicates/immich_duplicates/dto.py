"""Wire models of duplicates."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from immich_host.plugin_api.answers import AssetResponseDto
from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Id


class DuplicateResponseDto(Dto):
    """A group of assets that show the same, and which of them are best kept."""

    assets: list[AssetResponseDto]
    duplicate_id: UUID
    suggested_keep_asset_ids: list[UUID]


class DuplicateResolveGroupDto(Dto):
    """What is to become of the assets of one group."""

    duplicate_id: Id
    keep_asset_ids: list[Id]
    trash_asset_ids: list[Id]


class DuplicateResolveDto(Dto):
    """What is to become of groups."""

    groups: Annotated[list[DuplicateResolveGroupDto], Field(min_length=1)]
