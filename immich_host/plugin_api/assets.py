"""The assets port: reading an asset and writing the columns that the host owns."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from immich_host.plugin_api.answers import AssetResponseDto
from immich_host.plugin_api.errors import JobFailed
from immich_host.plugin_api.web import Caller

AssetType = Literal["IMAGE", "VIDEO", "AUDIO", "OTHER"]
Visibility = Literal["archive", "timeline", "hidden", "locked"]

Extra = Literal["people", "stack", "tags"]
"""A field of an asset's answer that plugins give by `asset_extras`.

As values, or each as the `RawJson` that clients are sent, which a database writes faster for long lists.
"""

EXTRAS: tuple[Extra, ...] = ("people", "stack", "tags")
"""All of them."""

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

    async def answers(
        self,
        caller: Caller,
        asset_ids: Sequence[UUID],
        /,
        *,
        with_owner: bool = False,
        with_exif: bool = True,
        extras: Collection[Extra] = EXTRAS,
    ) -> list[AssetResponseDto]:
        """Assets as clients see them, in the order of `asset_ids`; unknown ones are left out.

        Rights are for you to check before: nothing is asked here. What belongs to the owner alone (whether it is
        a favourite, people) is shown to the owner only, and callers by a shared link see what the link shows.
        One statement for all assets, and one question to each plugin that knows extras.

        Args:
            caller: Who sees them.
            asset_ids: Which, at most some thousand; an id that comes twice is answered twice.
            with_owner: Whether `owner` is filled; another statement.
            with_exif: Whether `exifInfo` is filled.
            extras: Which of the plugins' fields are filled; of none no plugin is asked.
        """
        ...

    async def answers_json(
        self,
        caller: Caller,
        asset_ids: Sequence[UUID],
        /,
        *,
        with_exif: bool = True,
        extras: Collection[Extra] = EXTRAS,
    ) -> dict[UUID, str]:
        """The same as the text of a JSON object for each id, in that order, without `owner`.

        For lists of hundreds: the database writes the text, which takes a fraction of the time. Put the texts
        together and answer `RawJson`.
        """
        ...

    async def exif(self, asset_id: UUID) -> Mapping[str, Any] | None:
        """The asset_exif row by snake_case column, or None."""
        ...

    async def update(self, asset_id: UUID, /, *, cause: str = "job", **columns: Any) -> None:
        """Set columns of `asset` (snake_case); unchanged rows are left alone. Publishes asset_changed.

        Writable: file_created_at, file_modified_at, local_date_time, duration, width, height,
        thumbhash, visibility, live_photo_video_id, is_offline, is_edited, is_favorite, duplicate_id, original_path
        (relative).
        """
        ...

    async def edit(self, asset_id: UUID, /, *, cause: str = "edit", **columns: Any) -> frozenset[str]:
        """Set columns as the owner's own edit does: exif ones over a lock, and locked from now on.

        So no re-read of the file brings the old values back, and they are written beside it. Publishes
        asset_changed, also for a value that was there and is locked now.

        Args:
            asset_id: The asset; nothing happens where it is gone.
            cause: Why; listeners see it.
            **columns: Those of `update`, and the `LOCKABLE` ones of `asset_exif` in snake_case.

        Returns:
            The columns that were told of.
        """
        ...

    async def edit_many(self, asset_ids: Sequence[UUID], /, *, cause: str = "edit", **columns: Any) -> None:
        """Make the same edit to many assets, in as many statements as for one; see `edit`."""
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

    async def erase(self, asset_ids: Sequence[UUID], /) -> None:
        """Let assets go for good, not to the trash: they leave every list at once, a job removes rows and files.

        As by their owner's hand: what belongs to them goes too, files of external libraries stay.
        """
        ...

    async def trash(self, asset_ids: Sequence[UUID], /) -> None:
        """Put assets into their owners' trash, as a client's "delete" does: while the trash is off they are erased.

        In the caller's transaction. Publishes asset_trashed; rights are for you to check before. What is erased
        can still be read for some seconds by those who listen to facts of the same transaction (asset_copied).
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


async def original_missing(assets: AssetsPort, asset: AssetRow) -> Exception:
    """What a job raises to which something was not found while it read its asset's original.

    Returns:
        A `JobFailed` where the original is missing, else an error that is tried again: the file was moved since the
        row was read (storage templates do that at any time), or is there, and a program that reads it is not.
    """
    now = await assets.get(asset.id)
    if now is not None and now.path != asset.path:
        return FileNotFoundError(f"{asset.path} was moved to {now.path} just now")
    if await asyncio.to_thread(asset.path.exists):
        return FileNotFoundError(
            f"a program that reads {asset.original_file_name}, or the file itself for a moment, was not found"
        )
    return JobFailed(f"the file of {asset.original_file_name} is missing: {asset.path}")
