"""The assets port that plugins get (`plugin_api.assets.AssetsPort`)."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from immich_host.assets import columns as known
from immich_host.assets import writing
from immich_host.assets.creating import KEPT, NewAsset, find_by_checksum, insert_asset
from immich_host.assets.importing import Importing
from immich_host.assets.writing_many import Told, change_many
from immich_host.db.database import Database
from immich_host.media.paths import MediaPaths
from immich_host.plugin_api.answers import AssetResponseDto
from immich_host.plugin_api.assets import EXTRAS, AssetRow, AssetType, Extra, Progress, Visibility
from immich_host.plugin_api.web import Caller

type Publish = Callable[..., Awaitable[None]]
type Take = Callable[[Sequence[UUID]], Awaitable[None]]
"""Takes assets away."""
type Answering = Callable[..., Awaitable[list[AssetResponseDto]]]
type AnsweringJson = Callable[..., Awaitable[dict[UUID, str]]]

_ROW = """
SELECT id, owner_id, type, original_path, original_file_name, file_created_at, file_modified_at, local_date_time,
  checksum, visibility, duration, width, height, thumbhash, live_photo_video_id, library_id, is_external,
  is_edited, deleted_at
FROM asset WHERE id = $1
"""


class Assets:
    """Reads and writes assets for plugins; facts go out with the transaction's commit."""

    def __init__(
        self,
        db: Database,
        paths: MediaPaths,
        publish: Publish,
        importing: Importing,
        erase: Take,
        discard: Take,
        answering: Answering,
        answering_json: AnsweringJson,
    ) -> None:
        self._answering = answering
        self._answering_json = answering_json
        self._db = db
        self._erase = erase
        self._discard = discard
        self._paths = paths
        self._publish = publish
        self._importing = importing

    async def get(self, asset_id: UUID) -> AssetRow | None:
        """The asset, or None when it is gone."""
        row = await self._db.fetchrow(_ROW, asset_id)
        if row is None:
            return None
        values = dict(row)
        path = self._paths.absolute(values.pop("original_path"), external=values["is_external"])
        return AssetRow(path=path, **values)

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
        """The assets in the order of `asset_ids`; unknown ones are left out. Rights are the caller's business."""
        return await self._answering(asset_ids, caller, with_owner=with_owner, with_exif=with_exif, extras=extras)

    async def answers_json(
        self,
        caller: Caller,
        asset_ids: Sequence[UUID],
        /,
        *,
        with_exif: bool = True,
        extras: Collection[Extra] = EXTRAS,
    ) -> dict[UUID, str]:
        """The same as JSON, by id in that order."""
        return await self._answering_json(asset_ids, caller, with_exif=with_exif, extras=extras)

    async def exif(self, asset_id: UUID) -> Mapping[str, Any] | None:
        """The asset_exif row by column, or None."""
        row = await self._db.fetchrow("SELECT * FROM asset_exif WHERE asset_id = $1", asset_id)
        return None if row is None else dict(row)

    async def update(self, asset_id: UUID, /, *, cause: str = "job", **columns: Any) -> None:
        """Set columns of `asset`; publishes asset_changed for what differs.

        Raises:
            UnknownColumn: For a column that is not for others to write.
        """
        async with self._db.joining():
            owner, changed = await writing.update_columns(self._db, asset_id, columns)
            await self._tell(asset_id, owner, changed, cause)

    async def write_exif(self, asset_id: UUID, /, *, cause: str = "job", **columns: Any) -> frozenset[str]:
        """Upsert `asset_exif`, leaving locked properties alone; returns the columns that changed.

        Raises:
            UnknownColumn: For a column that does not exist.
        """
        async with self._db.joining():
            owner, changed = await writing.update_exif(self._db, asset_id, columns)
            await self._tell(asset_id, owner, changed, cause)
        return changed

    async def edit(self, asset_id: UUID, /, *, cause: str = "edit", **columns: Any) -> frozenset[str]:
        """Set columns as the owner's own edit does; exif ones are locked. Returns the columns that were told of.

        Raises:
            UnknownColumn: For a column that is not for others to write, or not lockable.
        """
        told = await self._edit([asset_id], cause, columns)
        return frozenset(told[0][2]) if told else frozenset()

    async def edit_many(self, asset_ids: Sequence[UUID], /, *, cause: str = "edit", **columns: Any) -> None:
        """Make the same edit to many assets.

        Raises:
            UnknownColumn: For a column that is not for others to write, or not lockable.
        """
        await self._edit(sorted(set(asset_ids)), cause, columns)

    async def _edit(self, asset_ids: Sequence[UUID], cause: str, columns: dict[str, Any]) -> Told:
        exif = {name: value for name, value in columns.items() if name in known.LOCKS}
        own = {name: value for name, value in columns.items() if name not in known.LOCKS}
        async with self._db.joining():
            told = await change_many(self._db, asset_ids, own, exif)
            for asset_id, owner, changed in told:
                await self._tell(asset_id, owner, frozenset(changed), cause)
        return told

    async def unlock(self, asset_id: UUID, properties: frozenset[str]) -> None:
        """Clear these locked properties (wire names)."""
        await writing.unlock(self._db, asset_id, properties)

    async def mark_job(self, asset_id: UUID, column: str) -> None:
        """Set a timestamp of `asset_job_status` to now.

        Raises:
            UnknownColumn: For another column.
        """
        known.check({column: None}, known.JOB_STATUS)
        await self._db.execute(
            f"INSERT INTO asset_job_status (asset_id, {column}) SELECT id, now() FROM asset WHERE id = $1 "  # noqa: S608 - checked name
            f"ON CONFLICT (asset_id) DO UPDATE SET {column} = now()",
            asset_id,
        )

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
        """Create an asset for a file under the media root; (id, False) where owner and checksum exist.

        Raises:
            OSError: The file is not there.
            BadPath: The file is not under the media root.
        """
        new = NewAsset(
            id=asset_id or uuid4(),
            owner_id=owner_id,
            type=type,
            original_path=self._paths.relative(path),
            original_file_name=original_file_name,
            checksum=checksum,
            size=path.stat().st_size,
            file_created_at=file_created_at,
            file_modified_at=file_modified_at,
            visibility=visibility,
        )
        async with self._db.transaction():
            if not await insert_asset(self._db, new):
                existing = await find_by_checksum(self._db, owner_id, checksum, statuses=(*KEPT, "deleted"))
                return existing or new.id, False
            if chain:
                await self._publish("asset_created", asset_id=new.id, owner_id=owner_id, cause=cause)
        return new.id, True

    async def erase(self, asset_ids: Sequence[UUID], /) -> None:
        """Let assets go for good; a job removes rows and files."""
        await self._erase(asset_ids)

    async def trash(self, asset_ids: Sequence[UUID], /) -> None:
        """Put assets into the trash, or let them go for good while that is off."""
        await self._discard(asset_ids)

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
        """Take in a copy of a file, as an upload would; (id, False) where the owner has it already.

        Raises:
            Refused: Type, quota, a guard, or a file that is being written to.
            OSError: It cannot be read or copied.
        """
        return await self._importing.import_file(
            source,
            owner_id=owner_id,
            name=name or source.name,
            sidecar=sidecar,
            visibility=visibility,
            cause=cause,
            progress=progress,
        )

    async def _tell(self, asset_id: UUID, owner: UUID | None, changed: frozenset[str], cause: str) -> None:
        if owner is not None and changed:
            await self._publish("asset_changed", asset_id=asset_id, owner_id=owner, fields=sorted(changed), cause=cause)
