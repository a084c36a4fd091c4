"""Taking in a file that lies somewhere on the server, by the same steps as an upload."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from immich_host.assets.creating import NewAsset, find_by_checksum, insert_within_quota
from immich_host.db.database import Database
from immich_host.media.incoming import Incoming
from immich_host.media.received import BATCH, PartHead, ReceivedFile
from immich_host.media.threads import READERS
from immich_host.media.types import is_sidecar, kind_of, suffix_of
from immich_host.plugin_api.assets import Progress, Visibility
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.web import Caller

type Call = Callable[..., Awaitable[None]]

QUOTA_EXCEEDED: Final = "Quota has been exceeded!"


class Importing:
    """Copies, hashes, asks the guards, writes the rows and starts the way through the milestones."""

    def __init__(self, db: Database, incoming: Incoming, guard: Call, publish: Call) -> None:
        self._db = db
        self._incoming = incoming
        self._guard = guard
        self._publish = publish

    async def import_file(
        self,
        source: Path,
        *,
        owner_id: UUID,
        name: str,
        sidecar: Path | None,
        visibility: Visibility,
        cause: str,
        progress: Progress | None,
    ) -> tuple[UUID, bool]:
        """See `plugin_api.assets.AssetsPort.import_file`."""
        kind = kind_of(name)
        if kind is None or (sidecar is not None and not is_sidecar(sidecar.name)):
            raise Refused(400, f"Unsupported file type {name}")
        caller = await self._caller(owner_id)
        async with self._copied(source, progress) as file:
            known = await find_by_checksum(self._db, owner_id, file.sha1)
            if known is not None:
                return known, False
            moment = datetime.fromtimestamp(source.stat().st_mtime, UTC)
            new = NewAsset(
                owner_id=owner_id,
                type=kind,
                original_path=await self._placed(file, owner_id, suffix_of(name), moment),
                original_file_name=name,
                checksum=file.sha1,
                size=file.size,
                file_created_at=moment,
                file_modified_at=moment,
                visibility=visibility,
            )
            if sidecar is None:
                return await self._store(new, [file], caller, cause)
            async with self._copied(sidecar, None) as beside:
                stored = await self._placed(beside, owner_id, ".xmp", moment)
                return await self._store(replace(new, sidecar_path=stored), [file, beside], caller, cause)

    async def _caller(self, owner_id: UUID) -> Caller:
        row = await self._db.fetchrow(
            'SELECT id, email, name, is_admin FROM "user" WHERE id = $1 AND deleted_at IS NULL', owner_id
        )
        if row is None:
            raise Refused(400, "The user does not exist")
        return Caller(user_id=row["id"], email=row["email"], name=row["name"], is_admin=row["is_admin"])

    @asynccontextmanager
    async def _copied(self, source: Path, progress: Progress | None) -> AsyncIterator[ReceivedFile]:
        """A complete copy among the incoming files; removed at the end unless it was kept."""
        self._incoming.open()
        file = ReceivedFile(PartHead("import", source.name, None), self._incoming)
        try:
            await _copy(source, file, progress)
            yield file
        finally:
            await asyncio.shield(file.discard())

    async def _placed(self, file: ReceivedFile, owner_id: UUID, suffix: str, moment: datetime) -> str:
        target = self._incoming.paths.upload(owner_id, suffix)
        await file.place(target, mtime=moment.timestamp())
        return self._incoming.paths.relative(target)

    async def _store(
        self, new: NewAsset, files: Sequence[ReceivedFile], caller: Caller, cause: str
    ) -> tuple[UUID, bool]:
        head = {"asset_id": str(new.id), "checksum": new.checksum, "size": new.size, "type": new.type,
                "file_name": new.original_file_name, "fields": {}}  # fmt: skip
        path = self._incoming.paths.absolute(new.original_path)
        await self._guard("upload_stored", head=head, file=path, user=caller)
        is_written = False
        try:
            async with self._db.transaction():
                fits = await insert_within_quota(self._db, new)
                if fits is False:
                    raise Refused(400, QUOTA_EXCEEDED)
                if fits:
                    await self._publish("asset_created", asset_id=new.id, owner_id=new.owner_id, cause=cause)
                is_written = bool(fits)
        except BaseException:
            if is_written:  # the commit may have been done, or not
                for file in files:
                    file.leave()
            raise
        if not is_written:
            return await find_by_checksum(self._db, new.owner_id, new.checksum) or new.id, False
        for file in files:
            await file.keep()
        return new.id, True


async def _copy(source: Path, file: ReceivedFile, progress: Progress | None) -> None:
    """Copy all of a file that nobody writes to meanwhile."""
    loop, done = asyncio.get_running_loop(), 0
    handle = await loop.run_in_executor(READERS, os.open, source, os.O_RDONLY)
    try:
        before = os.fstat(handle)
        while done <= before.st_size and (chunk := await loop.run_in_executor(READERS, os.read, handle, BATCH)):
            done += len(chunk)
            await file.feed(chunk)
            if progress is not None:
                await progress(done, before.st_size)
        await file.finish()
        after = os.fstat(handle)
    finally:
        os.close(handle)
    if not file.size:
        raise Refused(400, "File is empty")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or file.size != after.st_size:
        raise Refused(409, "The file was written to while it was read; try again")
