"""Models of the wire that several domains share."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.answers import UserAvatarColor
from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Email, ProductKey, Timestamp


class UserStatus(StrEnum):
    """Stage in the life of an account."""

    ACTIVE = "active"
    REMOVING = "removing"
    DELETED = "deleted"


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


class LicenseKeyDto(Dto):
    """A product key to be stored."""

    activation_key: str
    license_key: ProductKey


class LicenseResponseDto(UserLicense):
    """A stored product key."""


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
