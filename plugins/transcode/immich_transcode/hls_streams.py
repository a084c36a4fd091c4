"""Live streams of one process: finds or makes the file that a viewer asks for.

Any API process may be asked for any segment. The one that is asked for a segment which is neither there
nor about to be made claims the variant in its row and encodes from there on; whoever held the claim sees
at its next beat that it is lost, and stops. All processes see the same files.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from weakref import WeakValueDictionary

from immich_host.plugin_api import Host, NotFound, Refused
from immich_host.plugin_api.assets import AssetRow
from immich_transcode import hls_store
from immich_transcode.arguments import Plan
from immich_transcode.equipping import equip
from immich_transcode.filters import CUBE
from immich_transcode.hls_arguments import Part, stream_arguments
from immich_transcode.hls_files import missing, put, read, session_folder
from immich_transcode.hls_grid import Grid, grid_of
from immich_transcode.hls_keeping import Keeping
from immich_transcode.hls_playlists import INIT, segment_name
from immich_transcode.hls_run import AHEAD, RESUME, Run, Work
from immich_transcode.hls_store import VariantRow
from immich_transcode.hls_variants import Variant, offered
from immich_transcode.probing import Unreadable, probe
from immich_transcode.settings import FFmpegSettings
from immich_transcode.streams import Source
from immich_transcode.targets import AudioTarget
from immich_transcode.tone import cube

WAIT_SECONDS = 15.0
"""How long a request waits for its file."""

NEAR = 3
"""A run that is so few segments away is waited for; otherwise another one begins where it is wanted."""

LONGEST_SECONDS = 48 * 3600.0
"""What is said to be longer is damaged, and its playlist would not end."""

_LOOK_SECONDS = 0.05
_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Film:
    """A video and how it is cut."""

    asset: AssetRow
    source: Source
    grid: Grid


class Streams:
    """One per host and process, from `plugin_started` to `plugin_stopped`."""

    def __init__(self, host: Host) -> None:
        self.keeping = Keeping(host)
        self._host = host
        self._films: OrderedDict[tuple[UUID, Path], Film] = OrderedDict()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def stop(self) -> None:
        """End what runs in this process; when the plugin was switched off, every session with its files."""
        await self.keeping.stop()
        if await hls_store.is_switched_off(self._host.db):
            await self.end_all()

    async def end_all(self) -> None:
        """End every session with its files."""
        await self.keeping.remove(await hls_store.end_all(self._host.db))

    async def open(self, asset_id: UUID) -> tuple[UUID, Film, list[Variant]]:
        """Begin a session with the variants that are offered now.

        Raises:
            NotFound: It is no video, or cannot be read.
        """
        film = await self.film(asset_id)
        variants = offered(film.source.video, self._host.settings(FFmpegSettings).realtime)
        session_id, gone = await hls_store.open_session(self._host.db, asset_id, variants)
        await self.keeping.remove(gone)
        return session_id, film, variants

    async def film(self, asset_id: UUID) -> Film:
        """What is known of a video; remembered, as long as the file stays where it is.

        Raises:
            NotFound: It is no video, or cannot be read.
        """
        asset = await self._host.assets.get(asset_id)
        if asset is None or asset.type != "VIDEO":
            raise NotFound
        film = self._films.get((asset_id, asset.path))
        if film is None:
            film = await self._look_at(asset)
            self._films[asset_id, asset.path] = film
            if len(self._films) > _REMEMBERED:
                self._films.popitem(last=False)
        return film

    async def _look_at(self, asset: AssetRow) -> Film:
        try:
            source = await probe(self._host.binaries.ffprobe, asset.path)
        except (Unreadable, FileNotFoundError) as error:
            raise NotFound("The video cannot be read") from error
        seconds = source.seconds or (asset.duration or 0) / 1000
        if not seconds:
            raise NotFound("It is not known how long the video is")
        return Film(asset, source, grid_of(source.video.frame_rate, min(seconds, LONGEST_SECONDS)))

    async def ask(self, session_id: UUID, asset_id: UUID, index: int, segment: int | None = None) -> VariantRow:
        """The variant that is asked for; keeps its session alive.

        Raises:
            NotFound: There is no such session or variant.
        """
        row = await hls_store.ask(self._host.db, session_id, asset_id, index, segment=segment)
        if row is None:
            raise NotFound
        return row

    async def head(self, film: Film, row: VariantRow, hint: int | None) -> bytes:
        """The head of a variant's segments; `hint` is the segment that is wanted next, if that is known."""
        path = self._folder(film, row) / INIT
        if hint is None:
            content = await asyncio.to_thread(read, path)
            if content is not None:
                return content
            hint = await hls_store.last_wanted(self._host.db, row.session_id)
        return await self._made(film, row, min(hint, film.grid.count - 1), path)

    async def segment(self, film: Film, row: VariantRow, number: int) -> bytes:
        """A segment, made if need be.

        Raises:
            NotFound: The video has no such segment.
            Refused: 503 it takes too long, 500 it cannot be made.
        """
        if number >= film.grid.count:
            raise NotFound
        return await self._made(film, row, number, self._folder(film, row) / segment_name(number))

    async def _made(self, film: Film, row: VariantRow, number: int, path: Path) -> bytes:
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        is_new = True
        while True:
            run = await self.encode(film, row, number, is_new=is_new)
            content = await asyncio.to_thread(read, path)
            if content is not None:
                return content
            if asyncio.get_running_loop().time() > deadline:
                raise Refused(503, "The encoder is too slow")
            is_new = False
            if run is None:
                await asyncio.sleep(_LOOK_SECONDS)
                row = await self._again(row)
                continue
            await run.changed(1.0)
            if run.failure is not None and not path.exists():
                raise Refused(500, "The video cannot be streamed")
            if run.ended:
                row = await self._again(row)

    async def _again(self, row: VariantRow) -> VariantRow:
        found = await hls_store.variant(self._host.db, row.id)
        if found is None:
            raise NotFound
        return found

    async def encode(self, film: Film, row: VariantRow, number: int, *, is_new: bool = True) -> Run | None:
        """Make sure that a segment and some after it are there or on their way; the run, if it is this process's.

        A request that is not new lets a run that was begun elsewhere in the video make something first: two that
        want different places take turns.
        """
        # shielded: a player that has gone must not leave a claim without a run
        return await asyncio.shield(self._encode(film, row, number, is_new=is_new))

    async def _encode(self, film: Film, row: VariantRow, number: int, *, is_new: bool) -> Run | None:
        async with self._locks.setdefault(row.id, asyncio.Lock()):
            run = self.keeping.running(row.id)
            if run is not None:
                run.read_to(number)
            folder = self._folder(film, row)
            first = missing(folder, range(number, min(number + RESUME, film.grid.count)))
            if first is None or _comes(run, row, first, folder) or not (is_new or _has_made_something(run, row)):
                return run
            return await self._begin(film, row, first, folder)

    async def _begin(self, film: Film, row: VariantRow, first: int, folder: Path) -> Run | None:
        settings = self._host.settings(FFmpegSettings)
        target = row.variant.target(settings, film.source.video, film.grid.segment_frames)
        plan = Plan(source=film.source, video=target, audio=AudioTarget() if film.source.audio else None)
        plan, program = await equip(plan, settings, self._host.binaries.ffmpeg)
        part = Part(film.asset.path, film.source, row.variant, film.grid, first)
        attempts = [stream_arguments(part, settings, device) for device in dict.fromkeys((plan.hardware, None))]
        if first:
            attempts.append(stream_arguments(part, settings, seeks=False))
        run = Run(Work(program, attempts, folder, film.grid, first))
        if not await hls_store.claim(self._host.db, row, run.id, first):
            return None
        # not before: a session that is over must not get its folder back
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        if target.is_mapped(film.source.video) and not (folder / CUBE).exists():
            text = await asyncio.to_thread(cube, film.source.video.transfer, settings.tonemap)
            await asyncio.to_thread(put, folder, CUBE, text.encode())
        await self.keeping.begin(row, run)
        return run

    def _folder(self, film: Film, row: VariantRow) -> Path:
        return session_folder(self._host, film.asset.owner_id, row.session_id) / str(row.index)


def _comes(run: Run | None, row: VariantRow, segment: int, folder: Path) -> bool:
    """Whether some run will have made a segment soon."""
    if run is not None:
        return run.next <= segment <= run.next + NEAR
    if not (row.is_alive and row.run_next <= segment < row.run_next + 2 * AHEAD):
        return False
    # the row is a little behind: the other process may have made some more
    reached = missing(folder, range(row.run_next, segment))
    return reached is None or segment <= reached + NEAR


def _has_made_something(run: Run | None, row: VariantRow) -> bool:
    if run is not None:
        return run.next > run.first
    return not row.is_alive or row.run_next > row.run_first
