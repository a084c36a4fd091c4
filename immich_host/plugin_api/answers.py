"""What routes of host and plugins both answer: assets with all they consist of, users, how it went for each id."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Email, Id, Timestamp


class UserAvatarColor(StrEnum):
    """Colour behind the initials of a user without a picture."""

    PRIMARY = "primary"
    PINK = "pink"
    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"
    PURPLE = "purple"
    ORANGE = "orange"
    GRAY = "gray"
    AMBER = "amber"


class AssetVisibility(StrEnum):
    """Where an asset shows."""

    ARCHIVE = "archive"
    TIMELINE = "timeline"
    HIDDEN = "hidden"
    LOCKED = "locked"


class AssetOrder(StrEnum):
    """Oldest or newest first."""

    ASC = "asc"
    DESC = "desc"


class AssetTypeEnum(StrEnum):
    """Kind of an asset."""

    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    OTHER = "OTHER"


class BulkIdErrorReason(StrEnum):
    """Why one id of a bulk request failed."""

    DUPLICATE = "duplicate"
    NO_PERMISSION = "no_permission"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"
    VALIDATION = "validation"


class UserResponseDto(Dto):
    """A user, as other users see it."""

    avatar_color: UserAvatarColor
    email: Email
    id: UUID
    name: str
    profile_changed_at: Timestamp
    profile_image_path: str


class BulkIdsDto(Dto):
    """Ids to act on."""

    ids: list[Id]


class BulkIdResponseDto(Dto):
    """How it went for one id."""

    error: BulkIdErrorReason | MISSING = MISSING
    error_message: str | MISSING = MISSING
    id: UUID
    success: bool


class AssetOcrResponseDto(Dto):
    """A piece of text in a picture; corners from 0 to 1."""

    asset_id: UUID
    box_score: float
    id: UUID
    text: str
    text_score: float
    x1: float
    x2: float
    x3: float
    x4: float
    y1: float
    y2: float
    y3: float
    y4: float


class ExifResponseDto(Dto):
    """What is known about how and where a picture was taken."""

    city: str | None = None
    country: str | None = None
    date_time_original: Timestamp | None = None
    description: str | None = None
    exif_image_height: int | None = None
    exif_image_width: int | None = None
    exposure_time: str | None = None
    f_number: float | None = None
    file_size_in_byte: int | None = None
    focal_length: float | None = None
    iso: int | None = None
    latitude: float | None = None
    lens_model: str | None = None
    longitude: float | None = None
    make: str | None = None
    model: str | None = None
    modify_date: Timestamp | None = None
    orientation: str | None = None
    projection_type: str | None = None
    rating: int | None = None
    state: str | None = None
    time_zone: str | None = None


class PersonResponseDto(Dto):
    """A person."""

    birth_date: date | None
    color: str | MISSING = MISSING
    id: UUID
    is_favorite: bool | MISSING = MISSING
    is_hidden: bool
    name: str
    thumbnail_path: str
    updated_at: Timestamp | MISSING = MISSING


class AssetStackResponseDto(Dto):
    """The stack that an asset is in."""

    asset_count: int
    id: UUID
    primary_asset_id: UUID


class TagResponseDto(Dto):
    """A tag."""

    color: str | MISSING = MISSING
    created_at: Timestamp
    id: UUID
    name: str
    parent_id: str | MISSING = MISSING
    updated_at: Timestamp
    value: str


class AssetResponseDto(Dto):
    """An asset."""

    checksum: str
    created_at: Timestamp
    duplicate_id: UUID | MISSING | None = MISSING
    duration: int | None
    exif_info: ExifResponseDto | MISSING = MISSING
    file_created_at: Timestamp
    file_modified_at: Timestamp
    has_metadata: bool
    height: int | None
    id: UUID
    is_archived: bool
    is_edited: bool
    is_favorite: bool
    is_offline: bool
    is_trashed: bool
    library_id: UUID | MISSING | None = MISSING
    live_photo_video_id: str | MISSING | None = MISSING
    local_date_time: Timestamp
    original_file_name: str
    original_mime_type: str | MISSING = MISSING
    original_path: str
    owner: UserResponseDto | MISSING = MISSING
    owner_id: UUID
    people: list[PersonResponseDto] | MISSING = MISSING
    resized: bool | MISSING = MISSING
    stack: AssetStackResponseDto | MISSING | None = MISSING
    tags: list[TagResponseDto] | MISSING = MISSING
    thumbhash: str | None
    type: AssetTypeEnum
    updated_at: Timestamp
    visibility: AssetVisibility
    width: int | None


class AlbumUserRole(StrEnum):
    """What somebody may do in an album."""

    EDITOR = "editor"
    OWNER = "owner"
    VIEWER = "viewer"


class AlbumUserResponseDto(Dto):
    """Somebody who sees an album."""

    role: AlbumUserRole
    user: UserResponseDto


class ContributorCountResponseDto(Dto):
    """How many assets of an album are somebody's."""

    asset_count: int
    user_id: UUID


class AlbumResponseDto(Dto):
    """An album, without its assets."""

    album_name: str
    album_thumbnail_asset_id: UUID | None
    album_users: list[AlbumUserResponseDto]
    asset_count: int
    contributor_counts: list[ContributorCountResponseDto] | MISSING = MISSING
    created_at: Timestamp
    description: str
    end_date: Timestamp | MISSING = MISSING
    has_shared_link: bool
    id: UUID
    is_activity_enabled: bool
    last_modified_asset_timestamp: Timestamp | MISSING = MISSING
    order: AssetOrder | MISSING = MISSING
    shared: bool
    start_date: Timestamp | MISSING = MISSING
    updated_at: Timestamp


class AdminConfigSmtpTransportDto(Dto):
    """Settings: SMTP transport."""

    host: str
    ignore_cert: bool
    password: str
    port: Annotated[int, Field(ge=0, le=65535)]
    secure: bool
    username: str


class AdminConfigSmtpDto(Dto):
    """Settings: SMTP."""

    enabled: bool
    from_: Annotated[str, Field(validation_alias="from", serialization_alias="from")]
    reply_to: str
    transport: AdminConfigSmtpTransportDto
