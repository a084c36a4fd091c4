"""Splitting a selection into archives of a size that a client can hold."""

from collections.abc import AsyncIterator

from immich_host.download.dto import DownloadArchiveInfo, DownloadResponseDto
from immich_host.download.store import Item

DEFAULT_ARCHIVE_SIZE = 4 * 1024**3


async def split(items: AsyncIterator[Item], archive_size: int, *, embedded_videos: bool) -> DownloadResponseDto:
    """Fill archives in order; none exceeds `archive_size` bytes unless a single photo does.

    A live photo's video stays with its still; one that lies inside the still's own file is only
    added where `embedded_videos` says so.
    """
    archives: list[DownloadArchiveInfo] = []
    async for item in items:
        ids, size = [item.id], item.size
        if item.video_id is not None and (embedded_videos or not item.is_embedded):
            ids.append(item.video_id)
            size += item.video_size
        if not archives or archives[-1].size + size > archive_size:
            archives.append(DownloadArchiveInfo(asset_ids=[], size=0))
        archives[-1].asset_ids += ids
        archives[-1].size += size
    return DownloadResponseDto(archives=archives, total_size=sum(archive.size for archive in archives))
