"""Routes about sessions: one's own, and for administrators those of a user."""

from datetime import timedelta
from uuid import UUID

from immich_host.auth import store
from immich_host.auth.answers import new_session_answer, session_answer
from immich_host.auth.devices import Device
from immich_host.auth.dto import SessionCreateDto, SessionCreateResponseDto, SessionUpdateDto
from immich_host.auth.routes import own_session
from immich_host.auth.tokens import digest, new_token
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.users import store as users
from immich_host.wire.access import refusal
from immich_host.wire.dto import SessionResponseDto
from immich_host.wire.kernel import Kernel

routes = Routes("Sessions")


async def _own(caller: Caller, session_id: UUID, permission: Permission) -> store.Row:
    row = await store.session(caller.user_id, session_id)
    if row is None:
        raise refusal(permission)
    return row


@routes.get("/sessions", permission=Permission.SESSION_READ, operation_id="getSessions")
async def get_sessions(caller: Caller) -> list[SessionResponseDto]:
    """The own sessions."""
    return [session_answer(row, caller.session_id) for row in await store.sessions_of(caller.user_id)]


@routes.post("/sessions", permission=Permission.SESSION_CREATE, status=201, operation_id="createSession")
async def create_session(host: Kernel, caller: Caller, body: SessionCreateDto) -> SessionCreateResponseDto:
    """A session for another device, which ends with this one."""
    parent = own_session(caller)
    given = body.model_dump(by_alias=False)
    token = new_token()
    row = await store.create_session(
        host.db,
        caller.user_id,
        digest(token),
        Device(type=given.get("device_type", ""), os=given.get("device_os", ""), app_version=None),
        parent_id=parent,
        lifetime=_lifetime(given.get("duration")),
    )
    return new_session_answer(row, parent, token)


def _lifetime(duration: int | None) -> timedelta | None:
    if duration is None:
        return None
    try:
        lifetime = timedelta(seconds=duration)
    except OverflowError:
        lifetime = timedelta.max
    if lifetime > timedelta(days=36525):
        raise Refused(400, "The duration is too long")
    return lifetime


@routes.delete("/sessions", permission=Permission.SESSION_DELETE, operation_id="deleteAllSessions")
async def delete_all_sessions(host: Kernel, caller: Caller) -> None:
    """End all own sessions but this."""
    await store.delete_sessions(host.db, caller.user_id, but=caller.session_id)


@routes.put("/sessions/{id}", permission=Permission.SESSION_UPDATE, operation_id="updateSession", deprecated=True)
async def update_session(caller: Caller, id: UUID, body: SessionUpdateDto) -> SessionResponseDto:
    """Ask a session's device to read everything anew."""
    await _own(caller, id, Permission.SESSION_UPDATE)
    columns = body.model_dump(by_alias=False)
    if not columns:
        raise Refused(400, "No fields to update")
    await store.update_session(id, **columns)
    return session_answer(await _own(caller, id, Permission.SESSION_UPDATE), caller.session_id)


@routes.delete("/sessions/{id}", permission=Permission.SESSION_DELETE, operation_id="deleteSession")
async def delete_session(caller: Caller, id: UUID) -> None:
    """End a session and those that were made from it."""
    if not await store.delete_session(caller.user_id, id):
        raise refusal(Permission.SESSION_DELETE)


@routes.post("/sessions/{id}/lock", permission=Permission.SESSION_LOCK, operation_id="lockSession")
async def lock_session(caller: Caller, id: UUID) -> None:
    """Lock a session that a PIN has unlocked."""
    await _own(caller, id, Permission.SESSION_LOCK)
    await store.update_session(id, pin_expires_at=None)


@routes.get(
    "/admin/users/{id}/sessions",
    tag="Users (admin)",
    permission=Permission.ADMIN_SESSION_READ,
    admin=True,
    operation_id="getUserSessionsAdmin",
)
async def get_user_sessions_admin(host: Kernel, caller: Caller, id: UUID) -> list[SessionResponseDto]:
    """The sessions of a user."""
    if await users.find(host.db, id, with_deleted=True) is None:
        raise Refused(400, "User not found")
    return [session_answer(row, caller.session_id) for row in await store.sessions_of(id)]
