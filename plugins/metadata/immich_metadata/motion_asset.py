"""The video of a motion photo as an asset of its own, hidden behind its still."""

from uuid import uuid4

import structlog

from immich_host.plugin_api import Host
from immich_host.plugin_api.assets import AssetRow
from immich_metadata.motion import Embedded, NoVideo, Trailer, extract

_log = structlog.get_logger("metadata")


async def save_motion_video(host: Host, still: AssetRow, part: Trailer | Embedded) -> None:
    """Take the video out of a still and link both; a video that is there already is only linked."""
    fresh_id = uuid4()
    target = host.files.derived_path("encoded-video", still.owner_id, f"{fresh_id}-MP.mp4")
    current = await host.assets.get(still.live_photo_video_id) if still.live_photo_video_id else None
    try:
        async with host.files.writing(target) as temporary:
            checksum = await extract(still.path, part, temporary, host.binaries.exiftool)
            if current is not None and current.checksum == checksum:
                raise _Known
    except _Known:
        return
    except NoVideo as error:
        _log.warning("motion photo without its video", path=str(still.path), error=str(error))
        return
    async with host.db.transaction():
        video_id, created = await host.assets.create(
            owner_id=still.owner_id,
            type="VIDEO",
            path=target,
            original_file_name=f"{_stem(still)}.mp4",
            checksum=checksum,
            file_created_at=still.file_created_at,
            file_modified_at=still.file_modified_at,
            visibility="hidden",
            asset_id=fresh_id,
            cause="motion-photo",
        )
        if not created:
            await host.files.remove_later(target)
            await host.assets.update(video_id, cause="motion-photo", visibility="hidden")
        await host.assets.update(still.id, cause="motion-photo", live_photo_video_id=video_id)


class _Known(Exception):
    """The video is linked already; leaves the block so that the copy is removed."""


def _stem(still: AssetRow) -> str:
    return still.original_file_name.rpartition(".")[0] or still.original_file_name
