"""Cluster groups: users who have their faces told apart together.

Faces of all members are compared, so that a human who is in few photos of each is found all the same. Photos, people
and their names stay everybody's own: each member has people of their own, and sees no others.
"""

from uuid import UUID, uuid4

from immich_faces import group_store
from immich_faces.people import refusal
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.database import Row

CLUSTER = "faces.cluster"
"""The job that tells the faces of a group apart."""


async def require_member(host: Host, caller: Caller, group_id: UUID, permission: Permission) -> list[UUID]:
    """The members of a group that the caller is in.

    Raises:
        Refused: 400.
    """
    members = await group_store.members(host.db, group_id)
    if caller.user_id not in members:
        raise refusal(permission)
    return members


async def invite(host: Host, caller: Caller, group_id: UUID, user_id: UUID) -> tuple[Row, bool]:
    """Invite a user into a group; answers the invitation, and whether it is new.

    Raises:
        Refused: 400 - the caller is not in the group, there is no such user, or they are in it already.
    """
    async with host.db.transaction():
        await group_store.hold(host.db)
        members = await require_member(host, caller, group_id, Permission.CLUSTER_GROUP_REQUEST_CREATE)
        if user_id in members:
            raise Refused(400, "The user is in the cluster group already")
        if await group_store.group_of(host.db, user_id) is None:
            raise Refused(400, "User not found")
        row, is_new = await group_store.invite(host.db, group_id, user_id, caller.user_id)
        if is_new:
            await host.publish(
                "faces_group_invited", user_id=user_id, invited_by=caller.user_id, cluster_group_id=group_id
            )
    return row, is_new


async def accept(host: Host, caller: Caller, request_id: UUID) -> None:
    """Come into the group of an invitation, out of the one before.

    Raises:
        Refused: 400 - no such invitation, or nobody is in the group any more.
    """
    async with host.db.transaction():
        await group_store.hold(host.db)
        request = await group_store.find(host.db, request_id)
        if request is None or request["user_id"] != caller.user_id:
            raise refusal(Permission.CLUSTER_GROUP_REQUEST_CREATE)
        if not await group_store.members(host.db, request["cluster_group_id"]):
            raise Refused(400, "Nobody is in this cluster group any more")
        await _move(host, caller.user_id, request["cluster_group_id"])
        await group_store.forget(host.db, request_id)


async def decline(host: Host, caller: Caller, request_id: UUID) -> None:
    """Answer an invitation with no; or, as a member of the group, take it back.

    Raises:
        Refused: 400 - no such invitation.
    """
    async with host.db.transaction():
        await group_store.hold(host.db)
        request = await group_store.find(host.db, request_id)
        concerned = set() if request is None else {request["user_id"]}
        if request is not None:
            concerned |= set(await group_store.members(host.db, request["cluster_group_id"]))
        if caller.user_id not in concerned:
            raise refusal(Permission.CLUSTER_GROUP_REQUEST_DELETE)
        await group_store.forget(host.db, request_id)


async def leave(host: Host, caller: Caller, group_id: UUID) -> None:
    """Leave a group for one of one's own.

    Raises:
        Refused: 400 - the caller is not in it.
    """
    async with host.db.transaction():
        await group_store.hold(host.db)
        await require_member(host, caller, group_id, Permission.CLUSTER_GROUP_LEAVE)
        await _move(host, caller.user_id, uuid4())


async def regenerate(host: Host, caller: Caller, group_id: UUID) -> None:
    """Have the faces of all members told apart anew.

    Raises:
        Refused: 400 - the caller is not in the group.
    """
    await require_member(host, caller, group_id, Permission.CLUSTER_GROUP_READ)
    await host.jobs.request(CLUSTER, cause="regenerate", force=True, group_id=group_id)


async def _move(host: Host, user_id: UUID, group_id: UUID) -> None:
    """From one group into another: in both other faces are compared now."""
    before = await group_store.group_of(host.db, user_id)
    await group_store.part(host.db, user_id)
    await host.users.set_cluster_group(user_id, group_id)
    await group_store.forget_unanswerable(host.db)
    for each in (before, group_id):
        if each is not None:
            await host.jobs.request(CLUSTER, cause="group", group_id=each)
