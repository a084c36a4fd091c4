"""The settings of the host itself, and the places of Immich's document that they fill."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from immich_host.plugin_api.settings import Section
from immich_host.settings.dto_words import LogLevel, ReleaseChannel
from immich_host.wire.types import ClockTime


class ServerSection(Section):
    """How the server presents itself."""

    key: ClassVar[str] = "server"
    external_domain: str = ""
    login_page_message: str = ""
    public_users: bool = True


class PasswordLoginSection(Section):
    """Whether people may sign in by password."""

    key: ClassVar[str] = "passwordLogin"
    enabled: bool = True


class UserSection(Section):
    """Days between removing an account and erasing it."""

    key: ClassVar[str] = "user"
    delete_delay: int = Field(default=7, ge=1)


class TrashSection(Section):
    """Whether deleted assets go to the trash, and for how many days."""

    key: ClassVar[str] = "trash"
    enabled: bool = True
    days: int = Field(default=30, ge=0)


class NewVersionCheckSection(Section):
    """Whether newer releases are looked for; off, because it asks a server outside."""

    key: ClassVar[str] = "newVersionCheck"
    enabled: bool = False
    channel: ReleaseChannel = ReleaseChannel.STABLE


class ThemeSection(Section):
    """CSS that every page includes."""

    key: ClassVar[str] = "theme"
    custom_css: str = ""


class LoggingSection(Section):
    """What is logged."""

    key: ClassVar[str] = "logging"
    enabled: bool = True
    level: LogLevel = LogLevel.LOG


class QueueConcurrency(BaseModel):
    """How many jobs of a queue run at once, over all processes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    concurrency: int = Field(default=1, ge=1)


def _at_once(amount: int) -> QueueConcurrency:
    return QueueConcurrency(concurrency=amount)


class JobSection(Section):
    """Concurrency by queue; see `of`."""

    key: ClassVar[str] = "job"
    background_task: QueueConcurrency = _at_once(5)
    editor: QueueConcurrency = _at_once(2)
    face_detection: QueueConcurrency = _at_once(2)
    integrity_check: QueueConcurrency = _at_once(1)
    library: QueueConcurrency = _at_once(5)
    metadata_extraction: QueueConcurrency = _at_once(5)
    migration: QueueConcurrency = _at_once(5)
    notifications: QueueConcurrency = _at_once(5)
    ocr: QueueConcurrency = _at_once(1)
    search: QueueConcurrency = _at_once(5)
    sidecar: QueueConcurrency = _at_once(5)
    smart_search: QueueConcurrency = _at_once(2)
    thumbnail_generation: QueueConcurrency = _at_once(3)
    video_conversion: QueueConcurrency = _at_once(1)
    workflow: QueueConcurrency = _at_once(5)

    def of(self, queue: str) -> int | None:
        """The concurrency of a queue by its wire name; None where it cannot be set."""
        for name in type(self).model_fields:
            if to_camel(name) == queue:
                return getattr(self, name).concurrency
        return None


class NightlyTasksSection(Section):
    """What is done at night, and when (server's local time)."""

    key: ClassVar[str] = "nightlyTasks"
    start_time: ClockTime = "00:00"
    cluster_new_faces: bool = True
    database_cleanup: bool = True
    generate_memories: bool = True
    missing_thumbnails: bool = True
    sync_quota_usage: bool = True


HOST_SECTIONS: tuple[type[Section], ...] = (
    ServerSection,
    PasswordLoginSection,
    UserSection,
    TrashSection,
    NewVersionCheckSection,
    ThemeSection,
    LoggingSection,
    JobSection,
    NightlyTasksSection,
)
