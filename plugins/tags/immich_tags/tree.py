"""The tags of an owner: making, renaming, deleting. One process at a time changes them."""

from collections.abc import Collection
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Host, Permission, Refused
from immich_host.plugin_api.database import Database, Row
from immich_tags import store
from immich_tags.dto import TagUpdateDto
from immich_tags.paths import MOST_BYTES, MOST_PARTS, chain, fits, normal

FOLLOW = "tags.follow"
"""Full name of the job by which columns of assets follow what was done to their tags."""


def refusal(permission: Permission) -> Refused:
    """What a caller is told for what is not there or not theirs, which are not told apart."""
    return Refused(400, f"Not found or no {permission.value} access")


def checked(path: str) -> str:
    """A path of a client, as it is kept.

    Raises:
        Refused: 400 - nothing is left of it, too long, too deep.
    """
    found = normal(path)
    if not found:
        raise Refused(400, "A tag needs a name")
    if not fits(found):
        raise Refused(400, f"A tag has at most {MOST_BYTES} bytes and {MOST_PARTS} levels")
    return found


async def make(db: Database, owner_id: UUID, paths: Collection[str]) -> dict[str, UUID]:
    """Make tags, with those above them; answers the ids of all. In a transaction that holds the tags alone."""
    needed = {each: each.count("/") for path in paths for each in chain(path)}
    there = await store.by_paths(db, owner_id, needed)
    for depth in sorted(set(needed.values())):
        parents = {
            path: there[path.rpartition("/")[0]] if depth else None
            for path in sorted(needed)
            if needed[path] == depth and path not in there
        }
        if parents:
            there |= await store.insert(db, owner_id, parents)
    return there


async def upsert(host: Host, owner_id: UUID, paths: Collection[str]) -> list[Row]:
    """Tags by their paths, which are made where they are not there."""
    wanted = list(dict.fromkeys(checked(path) for path in paths))
    if set(wanted) - (await store.by_paths(host.db, owner_id, wanted)).keys():
        async with host.db.transaction():
            await store.hold(host.db, owner_id, alone=True)
            await make(host.db, owner_id, wanted)
            return await store.shown(host.db, owner_id, wanted)
    return await store.shown(host.db, owner_id, wanted)


async def create(host: Host, owner_id: UUID, name: str, parent_id: UUID | None, color: str | None) -> Row:
    """Make a tag that is not there yet, below another or at the top.

    Raises:
        Refused: 400 - no name, no such parent, or there is one already.
    """
    async with host.db.transaction():
        await store.hold(host.db, owner_id, alone=True)
        above = ""
        if parent_id is not None:
            parent = await store.find(host.db, owner_id, parent_id)
            if parent is None:
                raise refusal(Permission.TAG_READ)
            above = f"{parent['value']}/"
        path = checked(above + checked(name))
        if await store.by_paths(host.db, owner_id, [path]):
            raise _there_is_one()
        tag_id = (await make(host.db, owner_id, [path]))[path]
        if color is not None:
            await store.paint(host.db, tag_id, color)
        return await _found(host, owner_id, tag_id, Permission.TAG_CREATE)


async def change(host: Host, owner_id: UUID, tag_id: UUID, body: TagUpdateDto) -> Row:
    """Rename a tag, with all below it, or paint it.

    Raises:
        Refused: 400 - not there, no name, a name with a slash, or another has it already.
    """
    async with host.db.transaction():
        await store.hold(host.db, owner_id, alone=True)
        tag = await _found(host, owner_id, tag_id, Permission.TAG_UPDATE)
        if body.name is not MISSING:
            await _rename(host, owner_id, tag, body.name)
        if body.color is not MISSING:
            await store.paint(host.db, tag_id, body.color)
        return await _found(host, owner_id, tag_id, Permission.TAG_UPDATE)


async def _rename(host: Host, owner_id: UUID, tag: Row, name: str) -> None:
    own = checked(name)
    if "/" in own:
        raise Refused(400, "The name of a tag has no slash")
    above, slash, _ = tag["value"].rpartition("/")
    path = f"{above}{slash}{own}"
    if path == tag["value"]:
        return
    below = await store.subtree(host.db, tag["id"])
    renamed = [path + each.removeprefix(tag["value"]) for each in below]
    for each in renamed:
        checked(each)
    if await store.by_paths(host.db, owner_id, renamed):
        raise _there_is_one()
    await store.rename(host.db, tag["id"], path)
    await host.jobs.request(FOLLOW, cause="rename")


async def delete(host: Host, owner_id: UUID, tag_id: UUID) -> None:
    """Delete a tag and all below it; assets lose them.

    Raises:
        Refused: 400 - not there.
    """
    async with host.db.transaction():
        await store.hold(host.db, owner_id, alone=True)
        await _found(host, owner_id, tag_id, Permission.TAG_DELETE)
        await store.delete(host.db, tag_id)
        await host.jobs.request(FOLLOW, cause="delete")


async def _found(host: Host, owner_id: UUID, tag_id: UUID, permission: Permission) -> Row:
    tag = await store.find(host.db, owner_id, tag_id)
    if tag is None:
        raise refusal(permission)
    return tag


def _there_is_one() -> Refused:
    return Refused(400, "A tag with that name already exists")
