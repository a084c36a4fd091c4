"""The assets port: reading an asset and writing the columns that the host owns."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

AssetType = Literal["IMAGE", "VIDEO", "AUDIO", "OTHER"]
Visibility = Literal["archive", "timeline", "hidden", "locked"]

type Progress = Callable[[int, int], Awaitable[None]]
"""Told how many bytes are done, and of how many."""

LOCKABLE = ("description", "dateTimeOriginal", "latitude", "longitude", "rating", "timeZone", "tags")
"""Exif fields that a user's edit locks against being overwritten by a re-read of the file."""


@dataclass(frozen=True, slots=True)
class AssetRow:
    """The columns of an asset that jobs work with; `path` is absolute."""

    id: UUID
    owner_id: UUID
    type: AssetType
    path: Path
    original_file_name: str
    file_created_at: datetime
    file_modified_at: datetime
    local_date_time: datetime
    checksum: bytes
    visibility: Visibility
    duration: int | None
    width: int | None
    height: int | None
    thumbhash: bytes | None
    live_photo_video_id: UUID | None
    library_id: UUID | None
    is_external: bool
    is_edited: bool
    deleted_at: datetime | None


class AssetsPort(Protocol):
    """Writes go into the caller's transaction and publish their facts on commit."""

    async def get(self, asset_id: UUID) -> AssetRow | None:
        """The asset, or None when it is gone."""
        ...

    async def exif(self, asset_id: UUID) -> Mapping[str, Any] | None:
        """The asset_exif row by snake_case column, or None."""
        ...

    async def update(self, asset_id: UUID, /, *, cause: str = "job", **columns: Any) -> None:
        """Set columns of `asset` (snake_case); unchanged rows are left alone. Publishes asset_changed.

        Writable: file_created_at, file_modified_at, local_date_time, duration, width, height,
        thumbhash, visibility, live_photo_video_id, is_offline, is_edited, original_path (relative).
        """
        ...

    async def write_exif(self, asset_id: UUID, /, *, cause: str = "job", **columns: Any) -> frozenset[str]:
        """Upsert `asset_exif`, leaving locked properties alone; returns the columns that changed."""
        ...

    async def unlock(self, asset_id: UUID, properties: frozenset[str]) -> None:
        """Clear these locked properties (their values are in the file now)."""
        ...

    async def mark_job(self, asset_id: UUID, column: str) -> None:
        """Set a timestamp of `asset_job_status` to now, e.g. `metadata_extracted_at`."""
        ...

    async def create(
        self,
        *,
        owner_id: UUID,
        type: AssetType,
        path: Path,
        original_file_name: str,
        checksum: bytes,
        file_created_at: datetime,
        file_modified_at: datetime,
        visibility: Visibility = "timeline",
        asset_id: UUID | None = None,
        cause: str = "derived",
        chain: bool = True,
    ) -> tuple[UUID, bool]:
        """Create an asset for a file under the media root; (id, False) where owner+checksum exist.

        With `chain` the asset goes through the milestones like an upload. Raises the owner's usage.
        """
        ...

    async def import_file(
        self,
        source: Path,
        /,
        *,
        owner_id: UUID,
        name: str | None = None,
        sidecar: Path | None = None,
        visibility: Visibility = "timeline",
        cause: str = "import",
        progress: Progress | None = None,
    ) -> tuple[UUID, bool]:
        """Take in a copy of any file that the server can read, as an upload would: quota, guards, milestones.

        The source is left as it is. A file that the owner has already is no second asset: (its id, False).
        Not inside a transaction of the caller: a large file takes its time.

        Args:
            source: The file.
            owner_id: Whose asset it becomes.
            name: Its name, if not that of the file; the extension says what it is.
            sidecar: An XMP file that belongs to it.
            visibility: Where it is shown.
            cause: Why; jobs and listeners see it.
            progress: Awaited after each piece that is copied.

        Raises:
            Refused: 400 - unsupported type, empty file, no such user, quota; a guard's refusal;
                409 - it was written to meanwhile.
            OSError: It cannot be read, or not be copied.
        """
        ...
