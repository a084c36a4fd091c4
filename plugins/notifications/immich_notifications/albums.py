"""What whoever has albums says of one, and its cover for a mail."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host
from immich_notifications.smtp import Picture

LARGEST_PICTURE = 500_000
"""Bytes; a larger cover stays out of mails."""

_SUBTYPES = {".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


@dataclass(frozen=True, slots=True)
class Album:
    """An album as far as mails tell of it."""

    id: UUID
    name: str
    cover: UUID | None
    user_ids: frozenset[UUID]


async def find(host: Host, album_id: UUID) -> Album | None:
    """An album, or None where nobody knows it."""
    found = await host.gather("notifications_album", album_id=album_id)
    if not found:
        return None
    return Album(album_id, found["name"], found["cover"], frozenset(found["user_ids"]))


async def picture(host: Host, album: Album) -> Picture | None:
    """The thumbnail of the album's cover, where there is one that anybody in the album may see."""
    if album.cover is None:
        return None
    asset = await host.assets.get(album.cover)
    if asset is None or asset.deleted_at is not None or asset.visibility == "locked":
        return None
    files = [file for file in await host.files.of_asset(album.cover) if file.type == "thumbnail"]
    for file in sorted(files, key=lambda each: not each.is_edited):
        content = await asyncio.to_thread(_content, file.path)
        if content is not None:
            return Picture(content, _SUBTYPES[file.path.suffix.lower()])
    return None


def _content(path: Path) -> bytes | None:
    """A picture as mail programs show it; None where it is none, or too large, or was made anew meanwhile."""
    try:
        if path.suffix.lower() in _SUBTYPES and path.stat().st_size <= LARGEST_PICTURE:
            return path.read_bytes()
    except FileNotFoundError:
        return None
    return None
