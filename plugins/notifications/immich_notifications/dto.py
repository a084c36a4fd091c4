"""Wire models of notifications."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id, QueryBool, Timestamp


class NotificationLevel(StrEnum):
    """How it is meant."""

    SUCCESS = "success"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class NotificationType(StrEnum):
    """What it is about."""

    JOB_FAILED = "JobFailed"
    BACKUP_FAILED = "BackupFailed"
    SYSTEM_MESSAGE = "SystemMessage"
    ALBUM_INVITE = "AlbumInvite"
    ALBUM_UPDATE = "AlbumUpdate"
    CLUSTER_GROUP_REQUEST = "ClusterGroupRequest"
    CUSTOM = "Custom"


class NotificationDto(Dto):
    """A notification; `readAt` is there once it was read."""

    created_at: Timestamp
    data: dict[str, Any] | MISSING = MISSING
    description: str | MISSING = MISSING
    id: UUID
    level: NotificationLevel
    read_at: Timestamp | MISSING = MISSING
    title: str
    type: NotificationType


class NotificationsQuery(QueryDto):
    """Which ones; `unread=false` asks for all."""

    id: Id | None = None
    level: NotificationLevel | None = None
    type: NotificationType | None = None
    unread: QueryBool | None = None


class NotificationUpdateDto(Dto):
    """When it was read; null for not yet."""

    read_at: Timestamp | MISSING | None = MISSING


class NotificationUpdateAllDto(NotificationUpdateDto):
    """The same for several."""

    ids: Annotated[list[Id], Field(min_length=1)]


class NotificationDeleteAllDto(Dto):
    """Which ones go."""

    ids: Annotated[list[Id], Field(min_length=1)]


class NotificationCreateDto(Dto):
    """A notification by an administrator."""

    data: dict[str, Any] | MISSING = MISSING
    description: str | MISSING | None = MISSING
    level: NotificationLevel | MISSING = MISSING
    read_at: Timestamp | MISSING | None = MISSING
    title: str
    type: NotificationType | MISSING = MISSING
    user_id: Id


class TemplateDto(Dto):
    """A text of an administrator's own; empty for the one that is set."""

    template: str


class TemplateResponseDto(Dto):
    """A mail as it would be."""

    html: str
    name: str


class TestEmailResponseDto(Dto):
    """The id of the mail that was sent."""

    message_id: str
