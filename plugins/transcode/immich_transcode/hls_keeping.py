"""Keeping live streams in order: the runs of this process, and what is left of sessions that are over."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from immich_host.plugin_api import Host, NotFound
from immich_transcode import hls_store
from immich_transcode.hls_files import drop_far, remove, session_folder, session_folders
from immich_transcode.hls_run import AHEAD, Run
from immich_transcode.hls_store import Beat, Ended, VariantRow

BEAT_SECONDS = 0.5
SWEEP_SECONDS = 60.0

QUIET_SECONDS = 20.0
"""A run of which nobody wanted anything for so long ends; the next one to ask begins another."""

BEHIND_SECONDS = 4.0
"""Likewise, when the viewer has meanwhile gone on with another variant."""

log = structlog.get_logger("transcode")


@dataclass(frozen=True, slots=True)
class _Kept:
    session_id: UUID
    run: Run


class Keeping:
    """The runs of one process by variant, watched by two tasks."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._runs: dict[UUID, _Kept] = {}
        self._folders: dict[UUID, Path] = {}
        self._is_over = False
        duties = ((BEAT_SECONDS, self.beat), (SWEEP_SECONDS, self.sweep))
        self._tasks = [asyncio.create_task(self._every(*each)) for each in duties]

    def running(self, variant_id: UUID) -> Run | None:
        """The run of a variant that is at work in this process."""
        kept = self._runs.get(variant_id)
        return None if kept is None or kept.run.ended else kept.run

    async def begin(self, row: VariantRow, run: Run) -> None:
        """Start a run in place of the one before.

        Raises:
            NotFound: The plugin is being switched off.
        """
        if self._is_over:
            raise NotFound
        before = self._runs.get(row.id)
        self._runs[row.id] = _Kept(row.session_id, run)
        self._folders[row.session_id] = run.folder.parent
        if before is not None:
            await before.run.stop()
        run.begin()

    async def remove(self, sessions: Iterable[Ended]) -> None:
        """Stop what is made for sessions that are over, and remove their files."""
        gone = {session.id: session_folder(self._host, session.owner_id, session.id) for session in sessions}
        for variant_id, kept in list(self._runs.items()):
            if kept.session_id in gone:
                await self._drop(variant_id, kept)
        for session_id, folder in gone.items():
            self._folders.pop(session_id, None)
            await asyncio.to_thread(remove, folder)

    async def stop(self) -> None:
        """End every run of this process; the sessions go on elsewhere or later."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        own = list(self._runs.items())
        for variant_id, kept in own:
            await self._drop(variant_id, kept)
        for variant_id, kept in own:
            await hls_store.release(self._host.db, variant_id, kept.run.id)

    async def beat(self) -> None:
        """Tell the others which runs are alive, hear what is wanted, end those that nobody wants."""
        if not self._runs:
            return
        own = [(variant_id, kept.run.id, kept.run.next) for variant_id, kept in self._runs.items()]
        heard = await hls_store.beat(self._host.db, own)
        for variant_id, run_id, _ in own:
            kept = self._runs.get(variant_id)
            if kept is None or kept.run.id != run_id:
                continue  # replaced meanwhile
            word = heard.get(variant_id)
            if word is None:
                await self._drop(variant_id, kept)
                await self._forget_if_over(kept.session_id)
            elif _is_unwanted(kept.run, word):
                await self._drop(variant_id, kept)
                await hls_store.release(self._host.db, variant_id, run_id)
            else:
                kept.run.read_to(word.wanted)
                # here, as one that has lost its variant would remove what the next one makes
                await asyncio.to_thread(drop_far, kept.run.folder, word.wanted, AHEAD)

    async def sweep(self) -> None:
        """End sessions that nobody uses, and remove the files of those that ended elsewhere."""
        idle = await hls_store.end_idle(self._host.db)
        if idle:
            log.info("idle live streams ended", sessions=len(idle))
        await self.remove(idle)
        known = set(self._folders)
        for session_id in known - await hls_store.living(self._host.db, known):
            await self._forget(session_id)

    async def clean(self) -> None:
        """Sweep, and remove the files of every session that is not known, as a crash leaves them. Reads all folders."""
        await self.sweep()
        root = self._host.files.media_root / "encoded-video"
        found = await asyncio.to_thread(lambda: dict(session_folders(root)))
        for session_id in found.keys() - await hls_store.living(self._host.db, found):
            log.info("files of a live stream removed", folder=str(found[session_id]))
            await asyncio.to_thread(remove, found[session_id])

    async def _drop(self, variant_id: UUID, kept: _Kept) -> None:
        if self._runs.get(variant_id) is kept:
            del self._runs[variant_id]
        await kept.run.stop()

    async def _forget_if_over(self, session_id: UUID) -> None:
        if not await hls_store.living(self._host.db, [session_id]):
            await self._forget(session_id)

    async def _forget(self, session_id: UUID) -> None:
        folder = self._folders.pop(session_id, None)
        if folder is not None:
            await asyncio.to_thread(remove, folder)

    async def _every(self, seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await duty()
            except Exception:
                log.exception("live streams were not looked after; trying again")


def _is_unwanted(run: Run, word: Beat) -> bool:
    return run.ended or word.quiet > QUIET_SECONDS or word.behind > BEHIND_SECONDS
