"""What the asset routes answer."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Timestamp
from immich_host.wire.dto import AssetTypeEnum, AssetVisibility, UserResponseDto


class AssetMediaStatus(StrEnum):
    """What became of an upload."""

    CREATED = "created"
    DUPLICATE = "duplicate"


class AssetUploadAction(StrEnum):
    """Whether a file is wanted."""

    ACCEPT = "accept"
    REJECT = "reject"


class AssetRejectReason(StrEnum):
    """Why a file is not wanted."""

    DUPLICATE = "duplicate"
    UNSUPPORTED_FORMAT = "unsupported-format"


class AssetFileType(StrEnum):
    """Purpose of a derived file."""

    FULLSIZE = "fullsize"
    PREVIEW = "preview"
    THUMBNAIL = "thumbnail"
    SIDECAR = "sidecar"
    ENCODED_VIDEO = "encoded_video"


class AssetMediaResponseDto(Dto):
    """What became of an upload."""

    id: UUID
    status: AssetMediaStatus


class AssetBulkUploadCheckResult(Dto):
    """Whether one file is wanted."""

    action: AssetUploadAction
    asset_id: UUID | MISSING = MISSING
    id: str
    is_trashed: bool | MISSING = MISSING
    reason: AssetRejectReason | MISSING = MISSING


class AssetBulkUploadCheckResponseDto(Dto):
    """Which of the files are wanted."""

    results: list[AssetBulkUploadCheckResult]


class AssetMetadataBulkResponseDto(Dto):
    """One stored key and value of one asset."""

    asset_id: UUID
    key: str
    updated_at: Timestamp
    value: dict[str, Any]


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


class AssetMetadataResponseDto(Dto):
    """One stored key and value."""

    key: str
    updated_at: Timestamp
    value: dict[str, Any]


class AssetFileResponseDto(Dto):
    """A derived file of an asset."""

    created_at: Timestamp
    id: UUID
    is_edited: bool
    is_progressive: bool
    is_transparent: bool
    path: str
    type: AssetFileType
    updated_at: Timestamp
