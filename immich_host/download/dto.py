"""Wire models of downloads."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Id


class DownloadArchiveDto(Dto):
    """Assets for one archive."""

    archive_name: str | MISSING = MISSING
    asset_ids: list[Id]
    edited: bool | MISSING = MISSING


class DownloadInfoDto(Dto):
    """What to download, to be split into archives."""

    album_id: Id | MISSING = MISSING
    archive_size: Annotated[int, Field(ge=1)] | MISSING = MISSING
    asset_ids: list[Id] | MISSING = MISSING
    user_id: Id | MISSING = MISSING


class DownloadArchiveInfo(Dto):
    """One archive to ask for."""

    asset_ids: list[UUID]
    size: int


class DownloadResponseDto(Dto):
    """Archives that together hold what was asked for; sizes in bytes."""

    archives: list[DownloadArchiveInfo]
    total_size: int
