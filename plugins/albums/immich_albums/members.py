"""Whom albums are shared with."""

from collections.abc import Mapping
from uuid import UUID

from immich_albums import news, store
from immich_albums.dto import AddUsersDto
from immich_albums.rights import OWNER, require_album
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.answers import AlbumUserRole

ME = "me"
"""In place of one's own id."""

_ONE_OWNER = "An album has one owner, which cannot be changed"


async def wanted(host: Host, roles: Mapping[UUID, AlbumUserRole], *, owner_id: UUID) -> Mapping[UUID, AlbumUserRole]:
    """The users and their roles, which they can be given.

    Raises:
        Refused: 400 - somebody is not there, is the owner, or is to be another one.
    """
    if not roles:
        return roles
    if OWNER in roles.values():
        raise Refused(400, _ONE_OWNER)
    if owner_id in roles:
        raise Refused(400, "Cannot share album with owner")
    if await store.active(host.db, roles) != roles.keys():
        raise Refused(400, "User not found")
    return roles


async def add(host: Host, caller: Caller, album_id: UUID, roles: Mapping[UUID, AlbumUserRole]) -> None:
    """Make users members, all or none, and publish it; the album is held.

    Raises:
        Refused: 400 - one is a member already.
    """
    if await store.add_members(host.db, album_id, roles) != roles.keys():
        raise Refused(400, "User already added")
    for user_id in sorted(roles):
        await host.publish("albums_invited", album_id=album_id, user_id=user_id, by=caller.user_id)


async def share(host: Host, caller: Caller, album_id: UUID, body: AddUsersDto) -> None:
    """Share an album with more users.

    Raises:
        Refused: 400 - no right to it; somebody who cannot be added, and then nobody is.
    """
    roles = {each.user_id: each.role for each in body.album_users}
    async with host.db.transaction():
        await store.hold(host.db, [album_id])
        await require_album(host, caller, Permission.ALBUM_SHARE, album_id)
        owner = (await store.members(host.db, [album_id]))[0]
        await add(host, caller, album_id, await wanted(host, roles, owner_id=owner["user_id"]))
    await news.told_members(host, [album_id])


async def set_role(host: Host, caller: Caller, album_id: UUID, who: str, role: AlbumUserRole) -> None:
    """Let a member do more or less.

    Raises:
        Refused: 400 - no right to it, no such member, or the owner's role.
    """
    await require_album(host, caller, Permission.ALBUM_SHARE, album_id)
    user_id = _user(caller, who)
    if role is OWNER:
        raise Refused(400, _ONE_OWNER)
    if not await store.set_role(host.db, album_id, user_id, role):
        raise await _no_member(host, album_id, user_id, _ONE_OWNER)
    await news.told_members(host, [album_id])


async def remove(host: Host, caller: Caller, album_id: UUID, who: str) -> None:
    """Take a member out, or leave; what they put in stays.

    Raises:
        Refused: 400 - no right to it, no such member, or the owner.
    """
    user_id = _user(caller, who)
    is_self = user_id == caller.user_id
    await require_album(host, caller, Permission.ALBUM_READ if is_self else Permission.ALBUM_SHARE, album_id)
    if not await store.remove_member(host.db, album_id, user_id):
        raise await _no_member(host, album_id, user_id, "Cannot remove album owner")
    await news.told_members(host, [album_id], user_id)


async def _no_member(host: Host, album_id: UUID, user_id: UUID, of_owner: str) -> Refused:
    role = (await store.roles(host.db, user_id, [album_id])).get(album_id)
    return Refused(400, of_owner if role is OWNER else "Album not shared with user")


def _user(caller: Caller, who: str) -> UUID:
    """The user that is meant.

    Raises:
        Refused: 400 - neither an id nor `me`.
    """
    if who == ME:
        return caller.user_id
    try:
        user_id = UUID(who)
    except ValueError:
        user_id = None
    if user_id is None or user_id.version != 4:
        issue: dict[str, object] = {"code": "invalid_format", "path": ["userId"], "message": "Invalid UUID"}
        raise Refused(400, "Validation failed", [issue])
    return user_id
