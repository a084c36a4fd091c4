"""Who may do what with which album: by role, or by a shared link to it."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from immich_albums import store
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.answers import AlbumUserRole

OWNER, EDITOR, VIEWER = AlbumUserRole.OWNER, AlbumUserRole.EDITOR, AlbumUserRole.VIEWER

_MEMBERS: Final = frozenset({OWNER, EDITOR, VIEWER})
_EDITORS: Final = frozenset({OWNER, EDITOR})
_OWNER: Final = frozenset({OWNER})

_ROLES: Final[Mapping[Permission, frozenset[AlbumUserRole]]] = {
    Permission.ALBUM_READ: _MEMBERS,
    Permission.ALBUM_DOWNLOAD: _MEMBERS,
    Permission.ACTIVITY_READ: _MEMBERS,
    Permission.ACTIVITY_CREATE: _MEMBERS,
    Permission.ACTIVITY_STATISTICS: _MEMBERS,
    Permission.ALBUM_UPDATE: _EDITORS,
    Permission.ALBUM_SHARE: _EDITORS,
    Permission.ALBUM_ASSET_CREATE: _EDITORS,
    Permission.ALBUM_ASSET_DELETE: _EDITORS,
    Permission.ALBUM_DELETE: _OWNER,
}
"""The roles that may."""


def refusal(permission: Permission) -> Refused:
    """What a caller is told for what is not there or not allowed, which are not told apart."""
    return Refused(400, f"Not found or no {permission.value} access")


async def allowed_albums(host: Host, caller: Caller, permission: Permission, ids: Collection[UUID]) -> set[UUID]:
    """Those of `ids` that the caller may use in this way: as a member, or the one that their shared link shows.

    Args:
        host: The host.
        caller: Who asks. By a shared link an album may be read, downloaded from if the link allows it, and be
            added to (`ALBUM_ASSET_CREATE`) if it allows uploads; nothing else, whoever the link's owner is.
        permission: `ALBUM_READ`, `ALBUM_DOWNLOAD`, `ALBUM_UPDATE`, `ALBUM_SHARE` (whom it is shared with, and
            links to it), `ALBUM_DELETE`, `ALBUM_ASSET_CREATE`, `ALBUM_ASSET_DELETE`, and those of activities.
        ids: Albums; unknown ones are allowed to nobody.

    Raises:
        KeyError: The permission is none of these.
    """
    roles = _ROLES[permission]
    link = caller.shared_link
    if link is not None:
        by_link = {
            Permission.ALBUM_READ: True,
            Permission.ALBUM_DOWNLOAD: link.allow_download,
            Permission.ALBUM_ASSET_CREATE: link.allow_upload,
        }
        if link.album_id is None or link.album_id not in ids or not by_link.get(permission, False):
            return set()
        return await store.there(host.db, [link.album_id])
    known = await store.roles(host.db, caller.user_id, ids) if ids else {}
    return {album_id for album_id, role in known.items() if role in roles}


async def require_album(host: Host, caller: Caller, permission: Permission, album_id: UUID) -> None:
    """Let pass only who may use the album in this way.

    Raises:
        Refused: 400, the same for albums that are not there.
    """
    if not await allowed_albums(host, caller, permission, [album_id]):
        raise refusal(permission)
