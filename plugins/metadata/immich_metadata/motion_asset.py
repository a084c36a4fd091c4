"""The video of a motion photo as an asset of its own, hidden behind its still."""

import asyncio
import hashlib
from uuid import UUID, uuid4

import structlog

from immich_host.plugin_api import Host
from immich_host.plugin_api.assets import AssetRow
from immich_metadata import store
from immich_metadata.motion import Embedded, NoVideo, Trailer, as_range, checksum, extract

_MARK = "-MP.mp4"
"""How the names of videos that were taken out of a still end."""

_log = structlog.get_logger("metadata")


async def save_motion_video(host: Host, still: AssetRow, part: Trailer | Embedded) -> None:
    """Take the video out of a still and link both; a video that is there already is only linked.

    Where another one was taken out of the still before, as of a file that was edited since, that one goes.
    """
    current = await host.assets.get(still.live_photo_video_id) if still.live_photo_video_id else None
    try:
        part = await asyncio.to_thread(as_range, still.path, part)
        found = await asyncio.to_thread(checksum, still.path, part) if isinstance(part, Trailer) else None
        # most readings are of stills whose video was taken out before: nothing is written for them
        if current is None or current.checksum != found:
            await _take_out(host, still, part, current, _id_for(still, found))
    except _Known:
        return
    except NoVideo as error:
        _log.warning("motion photo without its video", path=str(still.path), error=str(error))


def _id_for(still: AssetRow, found: bytes | None) -> UUID:
    """The id of a video: the same at every try, so that a crash leaves no file that nobody knows.

    It has the form of a random one, which clients ask for. For a video whose checksum is not known yet it is one.
    """
    if found is None:
        return uuid4()
    parts = (still.id.bytes, found, still.file_modified_at.isoformat().encode())
    return UUID(bytes=hashlib.sha256(b"".join(parts)).digest()[:16], version=4)


async def _take_out(
    host: Host, still: AssetRow, part: Trailer | Embedded, current: AssetRow | None, fresh_id: UUID
) -> None:
    target = host.files.derived_path("encoded-video", still.owner_id, f"{fresh_id}{_MARK}")
    async with host.files.writing(target) as temporary:
        found = await extract(still.path, part, temporary, host.binaries.exiftool)
        if current is not None and current.checksum == found:
            raise _Known
    async with host.db.transaction():
        await store.hold_assets(host.db, [still.id, *([current.id] if current else [])])
        video_id, created = await host.assets.create(
            owner_id=still.owner_id,
            type="VIDEO",
            path=target,
            original_file_name=f"{_stem(still)}.mp4",
            checksum=found,
            file_created_at=still.file_created_at,
            file_modified_at=still.file_modified_at,
            visibility="hidden",
            asset_id=fresh_id,
            cause="motion-photo",
        )
        if not created:
            if video_id != fresh_id:
                await host.files.remove_later(target)
            await host.assets.update(video_id, cause="motion-photo", visibility="hidden")
        await host.assets.update(still.id, cause="motion-photo", live_photo_video_id=video_id)
        if current is not None and current.id != video_id:
            await _let_go(host, current)


async def _let_go(host: Host, old: AssetRow) -> None:
    """A video that no still shows any more goes if it came out of one; one that was uploaded is shown by itself."""
    if await store.is_shown(host.db, old.id):
        return
    if not old.is_external and old.path.name.endswith(_MARK):
        await host.assets.erase([old.id])
    elif old.visibility == "hidden":
        await host.assets.update(old.id, cause="motion-photo", visibility="timeline")


class _Known(Exception):
    """The video is linked already; a copy that was begun is removed."""


def _stem(still: AssetRow) -> str:
    return still.original_file_name.rpartition(".")[0] or still.original_file_name
