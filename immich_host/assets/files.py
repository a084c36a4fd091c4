"""The files port that plugins get (`plugin_api.files.FilesPort`)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import UUID

from immich_host.db.database import Database
from immich_host.media.paths import DERIVED, BadPath, Derived, MediaPaths
from immich_host.media.sending import CACHED, NOT_CACHED, send_file, sent_file
from immich_host.plugin_api.files import AssetFileRow, AssetFileType
from immich_host.plugin_api.jobs import JobContext, JobsPort, Outcome

REMOVE_FILES = "host.remove_files"
"""Full name of the job that deletes files; arguments: `paths`, relative to the media root."""

type Publish = Callable[..., Awaitable[None]]

_UPSERT = """
INSERT INTO asset_file (asset_id, type, path, is_edited, is_progressive, is_transparent)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (asset_id, type, is_edited) DO UPDATE
  SET path = EXCLUDED.path, is_progressive = EXCLUDED.is_progressive, is_transparent = EXCLUDED.is_transparent
RETURNING id
"""


class Files:
    """Paths of derived files and the `asset_file` rows that name them."""

    def __init__(self, db: Database, paths: MediaPaths, jobs: JobsPort, publish: Publish) -> None:
        self._db = db
        self._paths = paths
        self._jobs = jobs
        self._publish = publish

    @property
    def media_root(self) -> Path:
        """Absolute path of the media root."""
        return self._paths.root

    def derived_path(self, folder: Derived, owner_id: UUID, name: str) -> Path:
        """`<folder>/<owner>/<aa>/<bb>/<name>`."""
        return self._paths.derived(folder, owner_id, name)

    def upload_path(self, owner_id: UUID, suffix: str) -> Path:
        """A fresh `upload/<owner>/<aa>/<bb>/<uuid><suffix>`."""
        return self._paths.upload(owner_id, suffix)

    def writing(self, target: Path) -> AbstractAsyncContextManager[Path]:
        """A temporary path beside `target`, moved onto it when the block ends well."""
        return self._paths.writing(target)

    async def of_asset(self, asset_id: UUID) -> list[AssetFileRow]:
        """All files of an asset."""
        rows = await self._db.fetch(
            """SELECT f.id, f.asset_id, f.type, f.path, f.is_edited, f.is_progressive, f.is_transparent, a.is_external
               FROM asset_file f JOIN asset a ON a.id = f.asset_id WHERE f.asset_id = $1 ORDER BY f.created_at, f.id""",
            asset_id,
        )
        return [self._row(row) for row in rows]

    async def register(
        self,
        asset_id: UUID,
        type: AssetFileType,
        path: Path,
        *,
        is_edited: bool = False,
        is_progressive: bool = False,
        is_transparent: bool = False,
        cause: str = "job",
    ) -> AssetFileRow:
        """Upsert the row; a replaced file at another path is removed after commit.

        Raises:
            LookupError: The asset is gone.
            BadPath: The file is not under the media root (allowed for sidecars of external assets).
        """
        async with self._db.joining():
            asset = await self._db.fetchrow("SELECT owner_id, is_external FROM asset WHERE id = $1", asset_id)
            if asset is None:
                msg = f"the asset {asset_id} is gone"
                raise LookupError(msg)
            stored = self._stored(path, external=asset["is_external"])
            old = await self._db.fetchval(
                "SELECT path FROM asset_file WHERE asset_id = $1 AND type = $2 AND is_edited = $3 FOR UPDATE",
                asset_id, type, is_edited,
            )  # fmt: skip
            file_id = await self._db.fetchval(
                _UPSERT, asset_id, type, stored, is_edited, is_progressive, is_transparent
            )
            if old is not None and old != stored:
                await self._remove(asset_id, old)
            await self._publish(
                "asset_file_written", asset_id=asset_id, owner_id=asset["owner_id"], type=type, cause=cause
            )
        return AssetFileRow(file_id, asset_id, type, path, is_edited, is_progressive, is_transparent)

    async def forget(self, asset_id: UUID, type: AssetFileType, *, is_edited: bool = False, keep: bool = False) -> None:
        """Delete the row, and after commit the file (unless `keep`)."""
        async with self._db.joining():
            old = await self._db.fetchval(
                "DELETE FROM asset_file WHERE asset_id = $1 AND type = $2 AND is_edited = $3 RETURNING path",
                asset_id, type, is_edited,
            )  # fmt: skip
            if old is not None and not keep:
                await self._remove(asset_id, old)

    async def remove_unnamed(self, folder: Derived, asset_id: UUID) -> None:
        """Delete files of the asset (named by its id) in a folder of derived files that no row names."""
        asset = await self._db.fetchrow("SELECT owner_id, original_path FROM asset WHERE id = $1", asset_id)
        if asset is None:
            return
        found = await asyncio.to_thread(self._paths.derived_of, folder, asset["owner_id"], asset_id)
        if found:
            # a motion photo's video is an original among derived files
            named = {asset["original_path"], *(self._paths.relative(row.path) for row in await self.of_asset(asset_id))}
            await asyncio.to_thread(_unlink, [path for path in found if self._paths.relative(path) not in named])

    def holding(self, asset_id: UUID) -> AbstractAsyncContextManager[None]:
        """Nobody else moves or rewrites the asset's own files meanwhile."""
        return self._db.lock(f"files of {asset_id}")

    async def repoint(self, asset_id: UUID, renamed: Mapping[Path, Path], *, cause: str = "job") -> bool:
        """Make the rows that name old paths name new ones; all of them, or False and none.

        Raises:
            BadPath: A path is not under the media root.
        """
        stored = {self._paths.relative(old): self._paths.relative(new) for old, new in renamed.items()}
        try:
            async with self._db.transaction():
                await self._repoint(asset_id, stored, cause)
        except _NotNamed:
            return False
        return True

    async def _repoint(self, asset_id: UUID, stored: Mapping[str, str], cause: str) -> None:
        asset = await self._db.fetchrow(
            "SELECT owner_id, original_path FROM asset WHERE id = $1 FOR NO KEY UPDATE", asset_id
        )
        if asset is None:
            raise _NotNamed
        for old, new in stored.items():
            if old == asset["original_path"]:
                await self._db.execute("UPDATE asset SET original_path = $2 WHERE id = $1", asset_id, new)
                await self._publish(
                    "asset_changed", asset_id=asset_id, owner_id=asset["owner_id"], fields=["original_path"],
                    cause=cause,
                )  # fmt: skip
            elif not await self._db.fetchval(
                "UPDATE asset_file SET path = $3 WHERE asset_id = $1 AND path = $2 RETURNING true", asset_id, old, new
            ):
                raise _NotNamed

    async def send(
        self, path: Path, scope: Any, receive: Any, send: Any, /, *, file_name: str | None = None, is_kept: bool = True
    ) -> None:
        """Answer a raw route with a file.

        Raises:
            NotFound: There is no such file.
        """
        cache = CACHED if is_kept else NOT_CACHED
        # others may write a new file of that name, and then the open one would still be sent
        await send_file(scope, receive, send, sent_file(str(path), file_name=file_name, cache=cache, keep_open=False))

    async def remove_later(self, *paths: Path) -> None:
        """Delete files after commit, by a job.

        Raises:
            BadPath: One is not under the media root.
        """
        if paths:
            await self._remove(None, *(self._paths.relative(path) for path in paths))

    async def _remove(self, asset_id: UUID | None, *stored: str) -> None:
        await self._jobs.request(REMOVE_FILES, paths=list(stored), asset_id=asset_id)

    def _stored(self, path: Path, *, external: bool) -> str:
        try:
            return self._paths.relative(path)
        except BadPath:
            if external:
                return str(path)
            raise

    def _row(self, row: Any) -> AssetFileRow:
        values = dict(row)
        path = self._paths.absolute(values.pop("path"), external=values.pop("is_external"))
        return AssetFileRow(path=path, **values)


class _NotNamed(Exception):
    """No row of the asset names a path that was to be changed; leaves the transaction."""


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


async def remove_files(
    ctx: JobContext,
    *,
    paths: list[str],
    asset_id: UUID | None = None,
    erased_id: UUID | str | None = None,
    owner_id: UUID | str | None = None,
) -> Outcome:
    """Job: delete files under the media root; missing ones are fine, and one that an asset has again stays.

    With an erased asset and its owner, also the derived files named by its id: a job that was killed may have
    written some that no row named.

    Folders stay: taking away an empty one could meet a writer that has just made sure of it.
    """
    media = MediaPaths(ctx.host.files.media_root)
    rows = await ctx.host.db.fetch("SELECT path FROM asset_file WHERE asset_id = $1", asset_id) if asset_id else ()
    kept = {row["path"] for row in rows} | await _named(ctx, paths)

    def remove() -> None:
        _unlink(media.absolute(stored) for stored in paths if stored not in kept)
        if erased_id is not None:
            for folder in DERIVED:
                _unlink(media.derived_of(folder, UUID(str(owner_id)), UUID(str(erased_id))))

    await ctx.in_thread(remove)
    return Outcome.DONE


async def _named(ctx: JobContext, paths: list[str]) -> set[str]:
    """Those in `library` that rows name: names there pass on, and this job may be late."""
    passed_on = [path for path in paths if path.startswith("library/")]
    if not passed_on:
        return set()
    found = await ctx.host.db.fetch(
        """SELECT original_path FROM asset WHERE original_path = ANY($1::text[])
           UNION ALL SELECT path FROM asset_file WHERE path = ANY($1::text[])""",
        passed_on,
    )
    return {row[0] for row in found}
