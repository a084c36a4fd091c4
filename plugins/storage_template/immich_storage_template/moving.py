"""Moves that a crash cannot break.

What is about to happen is written down; the file gets its second name; the rows change; the first name
goes; what was written down is forgotten. Wherever that ends, `recover` makes it whole: rows name files
that are there, and no file has two names.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, JobContext
from immich_storage_template import disk, store
from immich_storage_template.disk import Part

_log = structlog.get_logger("storage_template")


class Overtaken(RuntimeError):
    """Somebody else ended the move meanwhile; it is tried again."""


def library_of(host: Host) -> Path:
    """The folder that all of this is about."""
    return host.files.media_root / "library"


async def move(ctx: JobContext, asset_id: UUID, parts: Sequence[Part], *, verify: bool) -> None:
    """Move files of one asset together. The caller holds the lock.

    Raises:
        FileExistsError: One of the new names is taken; nothing has changed.
        FileNotFoundError: One of the files is missing; nothing has changed.
        disk.BadCopy, disk.Changed, OSError: A file could not be copied; nothing has changed.
        Overtaken: The asset is gone, or was moved by somebody else.
    """
    host = ctx.host
    if not await store.begin(host.db, host.files.media_root, parts):
        raise FileExistsError(str(parts[0].new))
    stop = Event()
    try:
        await _to_its_end(ctx, _give_names, parts, verify, stop, stop=stop)
    except BaseException:
        await asyncio.shield(_undo(ctx, parts))
        raise
    async with host.db.transaction():
        is_mine = await store.hold(host.db, parts)
        moved = is_mine and await host.files.repoint(asset_id, {part.old: part.new for part in parts}, cause=ctx.cause)
    if not is_mine:
        await _undo(ctx, parts)
    elif not moved:
        await recover(ctx, await store.begun(host.db, [asset_id]))
    if not moved:
        raise Overtaken(f"the asset {asset_id} changed while it was moved")
    await _finish(ctx, parts)


async def recover(ctx: JobContext, rows: Sequence[Any]) -> None:
    """Bring moves to an end that were left behind. The caller holds the lock.

    Args:
        ctx: The job.
        rows: What `store.begun` gives.
    """
    root = ctx.host.files.media_root
    for row in rows:
        part = store.part_of(row, root)
        if not (part.old.is_relative_to(root) and part.new.is_relative_to(root)):
            await store.end(ctx.host.db, [part])
            continue
        _log.info("an interrupted move is brought to its end", asset=str(part.asset_id), file=part.kind)
        named = None if row["path"] is None else root / row["path"]
        if named == part.new:
            await _recover_moved(ctx, part)
        elif not row["is_there"]:
            await _recover_erased(ctx, part)
        elif named == part.old and await ctx.in_thread(disk.arrived, part):
            await ctx.host.files.repoint(part.asset_id, {part.old: part.new}, cause=ctx.cause)
            await _finish(ctx, [part])
        else:
            await _undo(ctx, [part])


async def _recover_moved(ctx: JobContext, part: Part) -> None:
    if not part.new.exists() and part.old.exists():  # the disk forgot what the database did not
        await ctx.host.files.repoint(part.asset_id, {part.new: part.old}, cause=ctx.cause)
        await _undo(ctx, [part])
    else:
        await _finish(ctx, [part])


async def _recover_erased(ctx: JobContext, part: Part) -> None:
    """The asset was erased under its one name; what has the other goes too."""
    host = ctx.host
    for path in (part.copy, part.old, part.new):
        if not await store.is_named(host.db, host.files.media_root, path):
            await ctx.in_thread(disk.remove, path, library_of(host))
    await store.end(host.db, [part])


async def _finish(ctx: JobContext, parts: Sequence[Part]) -> None:
    """The rows name the new names: take the old ones away, unless somebody else has."""
    host = ctx.host
    async with host.db.transaction():
        if await store.hold(host.db, parts):
            await ctx.in_thread(
                _take_away, [path for part in parts for path in (part.copy, part.old)], library_of(host)
            )
            await store.end(host.db, parts)


async def _undo(ctx: JobContext, parts: Sequence[Part]) -> None:
    """The rows do not name the new names: take away what the move has made."""
    host = ctx.host
    for part in parts:
        made = [part.copy]
        is_ours = await ctx.in_thread(disk.has_new_name, part)
        if is_ours and not await store.is_named(host.db, host.files.media_root, part.new):
            made.insert(0, part.new)
        await ctx.in_thread(_take_away, made, library_of(host))
    await store.end(host.db, parts)


def _give_names(parts: Sequence[Part], verify: bool, stop: Event) -> None:
    for part in parts:
        disk.give_name(part, verify=verify, stop=stop)


def _take_away(paths: Sequence[Path], library: Path) -> None:
    for path in paths:
        disk.remove(path, library)


async def _to_its_end(ctx: JobContext, work: Callable[..., None], *args: Any, stop: Event) -> None:
    """Run in a thread, which must not go on after the lock is let go, even where the job is cancelled."""
    task = asyncio.ensure_future(ctx.in_thread(work, *args))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({task})
        raise
