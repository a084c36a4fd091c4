"""Wire models of albums and activities."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import AlbumUserRole, AssetOrder, BulkIdErrorReason, UserResponseDto
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id, QueryBool, Timestamp

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]

# --- albums -------------------------------------------------------------------------------------


class GetAlbumsQuery(QueryDto):
    """Which albums are listed; all conditions hold."""

    asset_id: Id | None = None
    id: Id | None = None
    is_owned: QueryBool | None = None
    is_shared: QueryBool | None = None
    name: str | None = None


class AlbumUserCreateDto(Dto):
    """Somebody with whom a new album is shared."""

    role: AlbumUserRole
    user_id: Id


class CreateAlbumDto(Dto):
    """A new album."""

    album_name: str
    album_users: list[AlbumUserCreateDto] | MISSING = MISSING
    asset_ids: list[Id] | MISSING = MISSING
    description: str | MISSING | None = MISSING


class UpdateAlbumDto(Dto):
    """What is to be different about an album."""

    album_name: str | MISSING = MISSING
    album_thumbnail_asset_id: Id | MISSING = MISSING
    description: str | MISSING | None = MISSING
    is_activity_enabled: bool | MISSING = MISSING
    order: AssetOrder | MISSING = MISSING


class AlbumStatisticsResponseDto(Dto):
    """How many albums somebody has."""

    not_shared: Count
    owned: Count
    shared: Count


class AlbumsAddAssetsDto(Dto):
    """Assets for several albums."""

    album_ids: list[Id]
    asset_ids: list[Id]


class AlbumsAddAssetsResponseDto(Dto):
    """Whether any was put into any of them."""

    error: BulkIdErrorReason | MISSING = MISSING
    success: bool


class AlbumUserAddDto(Dto):
    """Somebody with whom an album is to be shared."""

    role: AlbumUserRole = AlbumUserRole.EDITOR
    user_id: Id


class AddUsersDto(Dto):
    """All of them."""

    album_users: Annotated[list[AlbumUserAddDto], Field(min_length=1)]


class UpdateAlbumUserDto(Dto):
    """What somebody may do from now on."""

    role: AlbumUserRole


# --- activities ---------------------------------------------------------------------------------


class ReactionLevel(StrEnum):
    """About the album itself, or about assets in it."""

    ALBUM = "album"
    ASSET = "asset"


class ReactionType(StrEnum):
    """A text or a heart."""

    COMMENT = "comment"
    LIKE = "like"


class ActivityStatisticsQuery(QueryDto):
    """What is counted: all of an album, or of one asset in it."""

    album_id: Id
    asset_id: Id | None = None


class GetActivitiesQuery(ActivityStatisticsQuery):
    """What is listed."""

    level: ReactionLevel | None = None
    type: ReactionType | None = None
    user_id: Id | None = None


class ActivityCreateDto(Dto):
    """A new like or comment."""

    album_id: Id
    asset_id: Id | MISSING = MISSING
    comment: str | MISSING = MISSING
    type: ReactionType


class ActivityResponseDto(Dto):
    """A like or comment."""

    asset_id: UUID | None
    comment: str | MISSING | None = MISSING
    created_at: Timestamp
    id: UUID
    type: ReactionType
    user: UserResponseDto


class ActivityStatisticsResponseDto(Dto):
    """How many there are."""

    comments: Count
    likes: Count
