"""The settings of the host itself, and the places of Immich's document that they fill."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.types import ClockTime
from immich_host.settings.dto_words import LogLevel, ReleaseChannel


class ServerSection(Section):
    """How the server presents itself."""

    key: ClassVar[str] = "server"
    external_domain: str = ""
    """Address that clients and links use, with scheme; empty: the one that a request came by."""
    login_page_message: str = ""
    """Shown by clients where people sign in."""
    public_users: bool = True
    """Whether everybody sees the accounts of all others."""


class PasswordLoginSection(Section):
    """Whether people may sign in by password."""

    key: ClassVar[str] = "passwordLogin"
    enabled: bool = True
    """Off: nobody signs in by password; sessions and API keys go on."""


class UserSection(Section):
    """Days between removing an account and erasing it."""

    key: ClassVar[str] = "user"
    delete_delay: int = Field(default=7, ge=1)
    """In days; a removed account can be restored as long."""


class TrashSection(Section):
    """Whether deleted assets go to the trash, and for how many days."""

    key: ClassVar[str] = "trash"
    enabled: bool = True
    """Off: what is deleted is erased at once."""
    days: int = Field(default=30, ge=0)
    """After which what is in the trash is erased."""


class NewVersionCheckSection(Section):
    """Whether newer releases are looked for; off, because it asks a server outside."""

    key: ClassVar[str] = "newVersionCheck"
    enabled: bool = False
    """Kept for clients; the host asks nobody."""
    channel: ReleaseChannel = ReleaseChannel.STABLE
    """Kept for clients."""


class ThemeSection(Section):
    """CSS that every page includes."""

    key: ClassVar[str] = "theme"
    custom_css: str = ""
    """Served as `/custom.css`."""


class LoggingSection(Section):
    """What is logged."""

    key: ClassVar[str] = "logging"
    enabled: bool = True
    """Kept for clients; the operator decides by `IMMICH_HOST_LOG_LEVEL`."""
    level: LogLevel = LogLevel.LOG
    """Kept for clients, as above."""


class QueueConcurrency(BaseModel):
    """How many jobs of a queue run at once, over all processes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    concurrency: int = Field(default=1, ge=1)


def _at_once(amount: int) -> QueueConcurrency:
    return QueueConcurrency(concurrency=amount)


class JobSection(Section):
    """How many jobs of each queue run at once, over all processes."""

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
    """Hours and minutes, server's local time."""
    cluster_new_faces: bool = True
    """Start the queue `facialRecognition` on what is missing."""
    database_cleanup: bool = True
    """Erase what is due: trash, removed accounts, old sessions."""
    generate_memories: bool = True
    """For the plugin that makes memories."""
    missing_thumbnails: bool = True
    """Start the queue `thumbnailGeneration` on what is missing."""
    sync_quota_usage: bool = True
    """Count anew what each account's originals take."""


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
