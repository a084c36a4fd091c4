"""Routes of the tag Notifications."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_host.plugin_api.web import RawJson
from immich_notifications import store
from immich_notifications.answers import answer
from immich_notifications.dto import (
    NotificationDeleteAllDto,
    NotificationDto,
    NotificationsQuery,
    NotificationUpdateAllDto,
    NotificationUpdateDto,
)

ROUTES = Routes("Notifications")

UPDATE = Permission.NOTIFICATION_UPDATE
DELETE = Permission.NOTIFICATION_DELETE


@ROUTES.get(
    "/notifications",
    permission=Permission.NOTIFICATION_READ,
    operation_id="getNotifications",
    answers=list[NotificationDto],
)
async def get_notifications(caller: Caller, host: Host, query: NotificationsQuery) -> RawJson:
    """The caller's notifications, newest first."""
    listed = await store.of_user(
        host.db,
        caller.user_id,
        notice_id=query.id,
        level=query.level,
        type=query.type,
        unread=query.unread is True,
    )
    return RawJson(listed)


@ROUTES.put("/notifications", permission=UPDATE, operation_id="updateNotifications")
async def update_notifications(caller: Caller, host: Host, body: NotificationUpdateAllDto) -> None:
    """Say of several when they were read."""
    await _update(caller, host, body.ids, body)


@ROUTES.delete("/notifications", permission=DELETE, operation_id="deleteNotifications")
async def delete_notifications(caller: Caller, host: Host, body: NotificationDeleteAllDto) -> None:
    """Delete several."""
    await _delete(caller, host, body.ids)


@ROUTES.get("/notifications/{id}", permission=Permission.NOTIFICATION_READ, operation_id="getNotification")
async def get_notification(caller: Caller, host: Host, id: UUID) -> NotificationDto:
    """One notification."""
    return await _one(caller, host, id, Permission.NOTIFICATION_READ)


@ROUTES.put("/notifications/{id}", permission=UPDATE, operation_id="updateNotification")
async def update_notification(caller: Caller, host: Host, id: UUID, body: NotificationUpdateDto) -> NotificationDto:
    """Say when it was read, or that it was not."""
    await _update(caller, host, [id], body)
    return await _one(caller, host, id, UPDATE)


@ROUTES.delete("/notifications/{id}", permission=DELETE, operation_id="deleteNotification")
async def delete_notification(caller: Caller, host: Host, id: UUID) -> None:
    """Delete it."""
    await _delete(caller, host, [id])


async def _one(caller: Caller, host: Host, notice_id: UUID, permission: Permission) -> NotificationDto:
    row = await store.find(host.db, caller.user_id, notice_id)
    if row is None:
        raise _refusal(permission)
    return answer(row)


async def _update(caller: Caller, host: Host, ids: Sequence[UUID], body: NotificationUpdateDto) -> None:
    async with host.db.transaction():
        await _require(caller, host, ids, UPDATE)
        if body.read_at is not MISSING:
            await store.set_read(host.db, ids, body.read_at)


async def _delete(caller: Caller, host: Host, ids: Sequence[UUID]) -> None:
    async with host.db.transaction():
        await _require(caller, host, ids, DELETE)
        await store.delete(host.db, ids)


async def _require(caller: Caller, host: Host, ids: Sequence[UUID], permission: Permission) -> None:
    """All of them are the caller's, or none is touched."""
    if await store.owned(host.db, caller.user_id, ids) != set(ids):
        raise _refusal(permission)


def _refusal(permission: Permission) -> Refused:
    return Refused(400, f"Not found or no {permission.value} access")
