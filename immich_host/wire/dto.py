"""Models of the wire that several domains share."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Email, Id, ProductKey, Timestamp


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


class UserStatus(StrEnum):
    """Stage in the life of an account."""

    ACTIVE = "active"
    REMOVING = "removing"
    DELETED = "deleted"


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


class UserLicense(Dto):
    """Product key of a user."""

    activated_at: Timestamp
    activation_key: str
    license_key: str


class UserAdminResponseDto(Dto):
    """A user, as administrators and the user see it."""

    avatar_color: UserAvatarColor
    cluster_group_id: UUID
    created_at: Timestamp
    deleted_at: Timestamp | None
    email: Email
    id: UUID
    is_admin: bool
    license: UserLicense | None
    name: str
    oauth_id: str
    profile_changed_at: Timestamp
    profile_image_path: str
    quota_size_in_bytes: int | None
    quota_usage_in_bytes: int | None
    should_change_password: bool
    status: UserStatus
    storage_label: str | None
    updated_at: Timestamp


class SessionResponseDto(Dto):
    """A signed-in device."""

    app_version: str | None
    created_at: str
    current: bool
    device_os: Annotated[str, Field(validation_alias="deviceOS", serialization_alias="deviceOS")]
    device_type: str
    expires_at: str | MISSING = MISSING
    id: UUID
    is_pending_sync_reset: bool
    updated_at: str


class AssetStatsResponseDto(Dto):
    """Numbers of images and videos."""

    images: int
    total: int
    videos: int


class BulkIdsDto(Dto):
    """Ids to act on."""

    ids: list[Id]


class BulkIdResponseDto(Dto):
    """How it went for one id."""

    error: BulkIdErrorReason | MISSING = MISSING
    error_message: str | MISSING = MISSING
    id: UUID
    success: bool


class LicenseKeyDto(Dto):
    """A product key to be stored."""

    activation_key: str
    license_key: ProductKey


class LicenseResponseDto(UserLicense):
    """A stored product key."""


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


class SystemConfigTemplateStorageOptionDto(Dto):
    """Words and presets for storage templates."""

    day_options: list[str] = Field(default_factory=list)
    hour_options: list[str] = Field(default_factory=list)
    minute_options: list[str] = Field(default_factory=list)
    month_options: list[str] = Field(default_factory=list)
    preset_options: list[str] = Field(default_factory=list)
    second_options: list[str] = Field(default_factory=list)
    week_options: list[str] = Field(default_factory=list)
    year_options: list[str] = Field(default_factory=list)
