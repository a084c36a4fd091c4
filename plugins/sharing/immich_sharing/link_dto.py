"""Wire models of shared links."""

from enum import StrEnum
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api.answers import AlbumResponseDto, AssetResponseDto
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id, Timestamp


class SharedLinkType(StrEnum):
    """Whether a link shows an album or single assets."""

    ALBUM = "ALBUM"
    INDIVIDUAL = "INDIVIDUAL"


class AssetIdErrorReason(StrEnum):
    """Why one asset could not be added or taken out."""

    DUPLICATE = "duplicate"
    NO_PERMISSION = "no_permission"
    NOT_FOUND = "not_found"


class SharedLinksQuery(QueryDto):
    """Which of the caller's links."""

    album_id: Id | None = None
    id: Id | None = None


class SharedLinkCreateDto(Dto):
    """A new link."""

    album_id: Id | MISSING = MISSING
    allow_download: bool = True
    allow_upload: bool | MISSING = MISSING
    asset_ids: list[Id] | MISSING = MISSING
    description: str | MISSING | None = MISSING
    expires_at: Timestamp | None = None
    password: str | MISSING | None = MISSING
    show_metadata: bool = True
    slug: str | MISSING | None = MISSING
    type: SharedLinkType


class SharedLinkEditDto(Dto):
    """What changes; what is null is taken away."""

    allow_download: bool | MISSING = MISSING
    allow_upload: bool | MISSING = MISSING
    description: str | MISSING | None = MISSING
    expires_at: Timestamp | MISSING | None = MISSING
    password: str | MISSING | None = MISSING
    show_metadata: bool | MISSING = MISSING
    slug: str | MISSING | None = MISSING


class SharedLinkLoginDto(Dto):
    """The link's password."""

    password: str


class SharedLinkResponseDto(Dto):
    """A link, as its owner sees it; who comes by it is not told the password."""

    album: AlbumResponseDto | MISSING = MISSING
    allow_download: bool
    allow_upload: bool
    assets: list[AssetResponseDto]
    created_at: Timestamp
    description: str | None
    expires_at: Timestamp | None
    id: UUID
    key: str
    password: str | None
    show_metadata: bool
    slug: str | None
    type: SharedLinkType
    user_id: UUID


class AssetIdsDto(Dto):
    """Assets to add or to take out."""

    asset_ids: list[Id]


class AssetIdsResponseDto(Dto):
    """How it went for one asset."""

    asset_id: UUID
    error: AssetIdErrorReason | MISSING = MISSING
    success: bool
