"""The whole configuration, as administrators see it."""

from typing import Annotated

from pydantic import Field

from immich_host.plugin_api.answers import AdminConfigSmtpDto
from immich_host.plugin_api.dto import Dto
from immich_host.plugin_api.types import ClockTime, Uri
from immich_host.settings.dto_learning import AdminConfigMachineLearningDto
from immich_host.settings.dto_media import AdminConfigFFmpegDto, AdminConfigImageDto
from immich_host.settings.dto_words import LogLevel, OAuthTokenEndpointAuthMethod, ReleaseChannel


class AdminConfigDatabaseBackupDto(Dto):
    """Settings: database backup."""

    cron_expression: str
    enabled: bool
    keep_last_amount: Annotated[int, Field(ge=1)]


class AdminConfigBackupsDto(Dto):
    """Settings: backups."""

    database: AdminConfigDatabaseBackupDto


class AdminConfigIntegrityChecksumJobDto(Dto):
    """Settings: integrity checksum job."""

    cron_expression: str
    enabled: bool
    percentage_limit: Annotated[float, Field(ge=0, le=1)]
    time_limit: Annotated[int, Field(ge=0)]


class AdminConfigIntegrityJobDto(Dto):
    """Settings: integrity job."""

    cron_expression: str
    enabled: bool


class AdminConfigIntegrityChecksDto(Dto):
    """Settings: integrity checks."""

    checksum_files: AdminConfigIntegrityChecksumJobDto
    missing_files: AdminConfigIntegrityJobDto
    untracked_files: AdminConfigIntegrityJobDto


class AdminConfigJobSettingsDto(Dto):
    """Settings: job settings."""

    concurrency: Annotated[int, Field(ge=1)]


class AdminConfigJobDto(Dto):
    """Settings: job."""

    background_task: AdminConfigJobSettingsDto
    editor: AdminConfigJobSettingsDto
    face_detection: AdminConfigJobSettingsDto
    integrity_check: AdminConfigJobSettingsDto
    library: AdminConfigJobSettingsDto
    metadata_extraction: AdminConfigJobSettingsDto
    migration: AdminConfigJobSettingsDto
    notifications: AdminConfigJobSettingsDto
    ocr: AdminConfigJobSettingsDto
    search: AdminConfigJobSettingsDto
    sidecar: AdminConfigJobSettingsDto
    smart_search: AdminConfigJobSettingsDto
    thumbnail_generation: AdminConfigJobSettingsDto
    video_conversion: AdminConfigJobSettingsDto
    workflow: AdminConfigJobSettingsDto


class AdminConfigLibraryScanDto(Dto):
    """Settings: library scan."""

    cron_expression: str
    enabled: bool


class AdminConfigLibraryWatchDto(Dto):
    """Settings: library watch."""

    enabled: bool


class AdminConfigLibraryDto(Dto):
    """Settings: library."""

    scan: AdminConfigLibraryScanDto
    watch: AdminConfigLibraryWatchDto


class AdminConfigLoggingDto(Dto):
    """Settings: logging."""

    enabled: bool
    level: LogLevel


class AdminConfigMapDto(Dto):
    """Settings: map."""

    dark_style: Uri
    enabled: bool
    light_style: Uri


class AdminConfigFacesDto(Dto):
    """Settings: faces."""

    import_: Annotated[bool, Field(validation_alias="import", serialization_alias="import")]


class AdminConfigMetadataDto(Dto):
    """Settings: metadata."""

    faces: AdminConfigFacesDto


class AdminConfigNewVersionCheckDto(Dto):
    """Settings: new version check."""

    channel: ReleaseChannel
    enabled: bool


class AdminConfigNightlyTasksDto(Dto):
    """Settings: nightly tasks."""

    cluster_new_faces: bool
    database_cleanup: bool
    generate_memories: bool
    missing_thumbnails: bool
    start_time: ClockTime
    sync_quota_usage: bool


class AdminConfigNotificationsDto(Dto):
    """Settings: notifications."""

    smtp: AdminConfigSmtpDto


class AdminConfigOAuthDto(Dto):
    """Settings: OAuth."""

    account_management_url: str = ""
    allow_insecure_requests: bool
    auto_launch: bool
    auto_register: bool
    button_text: str
    client_id: str
    client_secret: str
    default_storage_quota: Annotated[int, Field(ge=0)] | None
    enabled: bool
    end_session_endpoint: str
    issuer_url: str
    mobile_override_enabled: bool
    mobile_redirect_uri: str
    profile_signing_algorithm: str
    prompt: str
    role_claim: str
    scope: str
    signing_algorithm: str
    storage_label_claim: str
    storage_quota_claim: str
    timeout: Annotated[int, Field(ge=1)]
    token_endpoint_auth_method: OAuthTokenEndpointAuthMethod


class AdminConfigPasswordLoginDto(Dto):
    """Settings: password login."""

    enabled: bool


class AdminConfigReverseGeocodingDto(Dto):
    """Settings: reverse geocoding."""

    enabled: bool


class AdminConfigServerDto(Dto):
    """Settings: server."""

    external_domain: str
    login_page_message: str
    public_users: bool


class AdminConfigStorageTemplateDto(Dto):
    """Settings: storage template."""

    enabled: bool
    hash_verification_enabled: bool
    template: str


class AdminConfigTemplateEmailsDto(Dto):
    """Settings: template emails."""

    album_invite_template: str
    album_update_template: str
    welcome_template: str


class AdminConfigTemplatesDto(Dto):
    """Settings: templates."""

    email: AdminConfigTemplateEmailsDto


class AdminConfigThemeDto(Dto):
    """Settings: theme."""

    custom_css: str


class AdminConfigTrashDto(Dto):
    """Settings: trash."""

    days: Annotated[int, Field(ge=0)]
    enabled: bool


class AdminConfigUserDto(Dto):
    """Settings: user."""

    delete_delay: Annotated[int, Field(ge=1)]


class AdminConfigDto(Dto):
    """The whole configuration."""

    backup: AdminConfigBackupsDto
    ffmpeg: AdminConfigFFmpegDto
    image: AdminConfigImageDto
    integrity_checks: AdminConfigIntegrityChecksDto
    job: AdminConfigJobDto
    library: AdminConfigLibraryDto
    logging: AdminConfigLoggingDto
    machine_learning: AdminConfigMachineLearningDto
    map: AdminConfigMapDto
    metadata: AdminConfigMetadataDto
    new_version_check: AdminConfigNewVersionCheckDto
    nightly_tasks: AdminConfigNightlyTasksDto
    notifications: AdminConfigNotificationsDto
    oauth: AdminConfigOAuthDto
    password_login: AdminConfigPasswordLoginDto
    reverse_geocoding: AdminConfigReverseGeocodingDto
    server: AdminConfigServerDto
    storage_template: AdminConfigStorageTemplateDto
    templates: AdminConfigTemplatesDto
    theme: AdminConfigThemeDto
    trash: AdminConfigTrashDto
    user: AdminConfigUserDto
