"""Wire models of the server and system-metadata routes."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import Timestamp


class VersionCheckStateResponseDto(Dto):
    """What the last look for a newer version found."""

    checked_at: str | None
    release_version: str | None


class ServerAboutResponseDto(Dto):
    """Versions and build of this server."""

    build: str | MISSING = MISSING
    build_image: str | MISSING = MISSING
    build_image_url: str | MISSING = MISSING
    build_url: str | MISSING = MISSING
    exiftool: str | MISSING = MISSING
    ffmpeg: str | MISSING = MISSING
    imagemagick: str | MISSING = MISSING
    libvips: str | MISSING = MISSING
    licensed: bool
    nodejs: str | MISSING = MISSING
    repository: str | MISSING = MISSING
    repository_url: str | MISSING = MISSING
    source_commit: str | MISSING = MISSING
    source_ref: str | MISSING = MISSING
    source_url: str | MISSING = MISSING
    third_party_bug_feature_url: str | MISSING = MISSING
    third_party_documentation_url: str | MISSING = MISSING
    third_party_source_url: str | MISSING = MISSING
    third_party_support_url: str | MISSING = MISSING
    version: str
    version_url: str


class ServerApkLinksDto(Dto):
    """Addresses of the Android packages."""

    arm64v8a: Annotated[str, Field(validation_alias="arm64v8a", serialization_alias="arm64v8a")]
    armeabiv7a: Annotated[str, Field(validation_alias="armeabiv7a", serialization_alias="armeabiv7a")]
    universal: str
    x86_64: Annotated[str, Field(validation_alias="x86_64", serialization_alias="x86_64")]


class ServerConfigDto(Dto):
    """What a client must know before anyone signs in."""

    external_domain: str
    is_initialized: bool
    is_onboarded: bool
    login_page_message: str
    maintenance_mode: bool
    map_dark_style_url: str
    map_light_style_url: str
    min_faces: int
    oauth_account_management_url: str | MISSING = MISSING
    oauth_button_text: str
    public_users: bool
    trash_days: int
    user_delete_delay: int


class ServerFeaturesDto(Dto):
    """What this server can do."""

    config_file: bool
    duplicate_detection: bool
    email: bool
    facial_recognition: bool
    import_faces: bool
    map: bool
    oauth: bool
    oauth_auto_launch: bool
    ocr: bool
    password_login: bool
    realtime_transcoding: bool
    reverse_geocoding: bool
    search: bool
    sidecar: bool
    smart_search: bool
    trash: bool


class ServerMediaTypesResponseDto(Dto):
    """File extensions that are taken in."""

    image: list[str]
    sidecar: list[str]
    video: list[str]


class ServerPingResponse(Dto):
    """Sign of life."""

    res: str


class UsageByUserDto(Dto):
    """Usage of one user; sizes in bytes."""

    photos: int
    quota_size_in_bytes: int | None
    usage: int
    usage_photos: int
    usage_videos: int
    user_id: UUID
    user_name: str
    videos: int


class ServerStatsResponseDto(Dto):
    """Usage of the whole server."""

    photos: int
    usage: int
    usage_by_user: list[UsageByUserDto]
    usage_photos: int
    usage_videos: int
    videos: int


class ServerStorageResponseDto(Dto):
    """Space on the media disk, in bytes and as text."""

    disk_available: str
    disk_available_raw: int
    disk_size: str
    disk_size_raw: int
    disk_usage_percentage: float
    disk_use: str
    disk_use_raw: int


class ServerVersionResponseDto(Dto):
    """API version."""

    major: int
    minor: int
    patch: int
    prerelease: int | None


class ServerVersionHistoryResponseDto(Dto):
    """A version that has run here."""

    created_at: Timestamp
    id: UUID
    version: str


class AdminOnboardingUpdateDto(Dto):
    """Whether the first administrator has been shown around."""

    is_onboarded: bool


class ReverseGeocodingStateResponseDto(Dto):
    """Which place data was imported, and when."""

    last_import_file_name: str | None
    last_update: str | None
