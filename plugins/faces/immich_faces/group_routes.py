"""Routes of the tag Cluster groups."""

from uuid import UUID

from immich_faces import group_store, groups
from immich_faces.dto import ClusterGroupRequestCreateDto, ClusterGroupRequestResponseDto
from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import UserResponseDto
from immich_host.plugin_api.database import Row
from immich_host.plugin_api.web import Answer

ROUTES = Routes("Cluster groups")


@ROUTES.get(
    "/cluster-groups/requests",
    permission=Permission.CLUSTER_GROUP_REQUEST_READ,
    operation_id="getClusterGroupRequests",
)
async def get_requests(caller: Caller, host: Host) -> list[ClusterGroupRequestResponseDto]:
    """Invitations that the caller has not answered."""
    return [_answer(row) for row in await group_store.received(host.db, caller.user_id)]


@ROUTES.delete(
    "/cluster-groups/requests/{id}",
    permission=Permission.CLUSTER_GROUP_REQUEST_DELETE,
    operation_id="deleteClusterGroupRequest",
)
async def delete_request(caller: Caller, host: Host, id: UUID) -> None:
    """Decline an invitation, or take back one of the caller's group."""
    await groups.decline(host, caller, id)


@ROUTES.post(
    "/cluster-groups/requests/{id}/accept",
    permission=Permission.CLUSTER_GROUP_REQUEST_CREATE,
    operation_id="acceptClusterGroupRequest",
    status=204,
)
async def accept_request(caller: Caller, host: Host, id: UUID) -> None:
    """Come into the group that the caller was invited to."""
    await groups.accept(host, caller, id)


@ROUTES.post(
    "/cluster-groups/{id}/leave",
    permission=Permission.CLUSTER_GROUP_LEAVE,
    operation_id="leaveClusterGroup",
    status=204,
)
async def leave_group(caller: Caller, host: Host, id: UUID) -> None:
    """Leave a group."""
    await groups.leave(host, caller, id)


@ROUTES.post(
    "/cluster-groups/{id}/regenerate-people",
    permission=Permission.CLUSTER_GROUP_READ,
    operation_id="clusterGroupRegeneratePeople",
    status=204,
)
async def regenerate_people(caller: Caller, host: Host, id: UUID) -> None:
    """Tell the faces of all members apart anew; those that somebody has given to a person stay."""
    await groups.regenerate(host, caller, id)


@ROUTES.get(
    "/cluster-groups/{id}/requests",
    permission=Permission.CLUSTER_GROUP_REQUEST_READ,
    operation_id="getClusterGroupRequestsForGroup",
)
async def get_group_requests(caller: Caller, host: Host, id: UUID) -> list[ClusterGroupRequestResponseDto]:
    """Invitations to the caller's group that wait for an answer."""
    await groups.require_member(host, caller, id, Permission.CLUSTER_GROUP_REQUEST_READ)
    return [_answer(row) for row in await group_store.sent(host.db, id)]


@ROUTES.put(
    "/cluster-groups/{id}/requests",
    permission=Permission.CLUSTER_GROUP_REQUEST_CREATE,
    operation_id="createClusterGroupRequest",
)
async def create_request(
    caller: Caller, host: Host, id: UUID, body: ClusterGroupRequestCreateDto
) -> Answer[ClusterGroupRequestResponseDto]:
    """Invite a user: 201, or 200 where they were invited before."""
    row, is_new = await groups.invite(host, caller, id, body.user_id)
    return Answer(_answer(row), status=201 if is_new else 200)


@ROUTES.get("/cluster-groups/{id}/users", permission=Permission.CLUSTER_GROUP_READ, operation_id="getClusterGroupUsers")
async def get_users(caller: Caller, host: Host, id: UUID) -> list[UserResponseDto]:
    """The members of the caller's group."""
    members = await groups.require_member(host, caller, id, Permission.CLUSTER_GROUP_READ)
    return await host.users.answers(members)


def _answer(row: Row) -> ClusterGroupRequestResponseDto:
    return ClusterGroupRequestResponseDto(
        id=row["id"], cluster_group_id=row["cluster_group_id"], user_id=row["user_id"], created_at=row["created_at"]
    )
