"""What album membership, and links to albums, let people do with assets of others."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from immich_albums import content_store
from immich_host.plugin_api import Caller, Host, Permission

_GRANTED: Final = frozenset({Permission.ASSET_READ, Permission.ASSET_VIEW, Permission.ASSET_DOWNLOAD})


async def granted(host: Host, caller: Caller, permission: str, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the assets that the caller may look at and download for lying in an album; nothing in the trash."""
    if permission not in _GRANTED:
        return set()
    link = caller.shared_link
    if link is None:
        return await content_store.granted_to_member(host.db, caller.user_id, asset_ids)
    if link.album_id is None or (permission == Permission.ASSET_DOWNLOAD and not link.allow_download):
        return set()
    return await content_store.granted_by_link(host.db, link.album_id, asset_ids)
