"""Who is told when an album changes."""

from collections.abc import Collection, Sequence
from uuid import UUID

from immich_albums import store
from immich_host.plugin_api import Host

_AT_ONCE = 500
"""Assets that one fact tells of."""


async def told_members(host: Host, album_ids: Collection[UUID], *others: UUID) -> None:
    """Every client of every member reads these albums again; `others` who are no members any more do so too."""
    if not album_ids:
        return
    audience = {(row["user_id"], row["album_id"]) for row in await store.audience(host.db, album_ids)}
    audience |= {(user_id, album_id) for user_id in others for album_id in album_ids}
    for user_id, album_id in sorted(audience):
        await host.push.to_user(user_id, "on_album_update", str(album_id))


async def told_added(host: Host, album_id: UUID, by: UUID, asset_ids: Sequence[UUID]) -> None:
    """Publish which assets somebody put into an album."""
    for start in range(0, len(asset_ids), _AT_ONCE):
        part = list(asset_ids[start : start + _AT_ONCE])
        await host.publish("albums_changed", album_id=album_id, by=by, asset_ids=part)
