"""Routes of administrators about accounts."""

from typing import Any
from uuid import UUID

from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.users import preferences, store
from immich_host.users.answers import admin_answer
from immich_host.users.dto import (
    CalendarHeatmapResponseDto,
    GetUserCalendarHeatmapAdminQuery,
    GetUserStatisticsAdminQuery,
    SearchUsersAdminQuery,
    UserAdminCreateDto,
    UserAdminDeleteDto,
    UserAdminUpdateDto,
)
from immich_host.users.dto_preferences import UserPreferencesResponseDto, UserPreferencesUpdateDto
from immich_host.users.heatmap import heatmap
from immich_host.users.jobs import ERASE_JOB
from immich_host.users.labels import clean_label
from immich_host.users.rows import UserRow
from immich_host.wire.dto import AssetStatsResponseDto, UserAdminResponseDto
from immich_host.wire.kernel import Kernel

routes = Routes("Users (admin)")
READ = {"permission": Permission.ADMIN_USER_READ, "admin": True}
UPDATE = {"permission": Permission.ADMIN_USER_UPDATE, "admin": True}
DELETE = {"permission": Permission.ADMIN_USER_DELETE, "admin": True}


async def _existing(host: Kernel, user_id: UUID) -> UserRow:
    row = await store.find(host.db, user_id, with_deleted=True)
    if row is None:
        raise Refused(400, "User not found")
    return row


async def _columns(body: UserAdminCreateDto | UserAdminUpdateDto) -> dict[str, Any]:
    """The columns that a body sets, secrets hashed."""
    columns = body.model_dump(mode="json", by_alias=False)
    columns.pop("notify", None)
    if "password" in columns:
        password = columns.pop("password")
        columns |= {"password": await store.hash_secret(password)} if password else {}
    if columns.get("pin_code"):
        columns["pin_code"] = await store.hash_secret(columns["pin_code"])
    if "storage_label" in columns:
        columns["storage_label"] = clean_label(columns["storage_label"])
    return columns


@routes.get("/admin/users", operation_id="searchUsersAdmin", **READ)
async def search_users_admin(host: Kernel, query: SearchUsersAdminQuery) -> list[UserAdminResponseDto]:
    """All accounts, or the one asked for; deleted ones if wanted."""
    rows = await store.everyone(host.db, with_deleted=bool(query.with_deleted), user_id=query.id)
    return [admin_answer(row, host.paths) for row in rows]


@routes.post(
    "/admin/users", operation_id="createUserAdmin", status=201, permission=Permission.ADMIN_USER_CREATE, admin=True
)
async def create_user_admin(host: Kernel, caller: Caller, body: UserAdminCreateDto) -> UserAdminResponseDto:
    """Make an account; without a password only where people can sign in otherwise."""
    if not body.password and not (await host.hosting.gather("api_features", user=caller)).get("oauth"):
        raise Refused(400, "A password is required")
    columns = await _columns(body)
    async with host.db.transaction():
        row = await store.create(host.db, **columns)
        await host.publish("user_created", user_id=row.id, notify=body.notify is True)
    return admin_answer(row, host.paths)


@routes.get("/admin/users/{id}", operation_id="getUserAdmin", **READ)
async def get_user_admin(host: Kernel, id: UUID) -> UserAdminResponseDto:
    """An account, which may be a deleted one."""
    return admin_answer(await _existing(host, id), host.paths)


@routes.put("/admin/users/{id}", operation_id="updateUserAdmin", deprecated=True, **UPDATE)
async def update_user_admin(host: Kernel, caller: Caller, id: UUID, body: UserAdminUpdateDto) -> UserAdminResponseDto:
    """Change any field of an account; nobody changes whether they are an administrator themselves."""
    columns = await _columns(body)
    async with store.administrators(host.db):
        before = await _existing(host, id)
        if columns.get("is_admin", before.is_admin) != before.is_admin:
            if caller.user_id == id:
                raise Refused(400, "Admin status can only be changed by another admin")
            await _require_other_admin(host, id)
        row = await store.update(host.db, id, **columns)
    return admin_answer(row, host.paths)


async def _require_other_admin(host: Kernel, user_id: UUID) -> None:
    if not await store.other_admin_exists(host.db, user_id):
        raise Refused(400, "The last administrator stays one")


@routes.delete("/admin/users/{id}", operation_id="deleteUserAdmin", **DELETE)
async def delete_user_admin(host: Kernel, caller: Caller, id: UUID, body: UserAdminDeleteDto) -> UserAdminResponseDto:
    """Delete an account: it can be restored for some days, but with `force` it is erased at once."""
    force = body.force is True
    async with store.administrators(host.db):
        await _existing(host, id)
        if caller.user_id == id:
            raise Refused(403, "Cannot delete your own account")
        await _require_other_admin(host, id)
        row = await store.mark_deleted(host.db, id, force=force)
        if force:
            await host.jobs.request(ERASE_JOB, user_id=id)
    return admin_answer(row, host.paths)


@routes.post("/admin/users/{id}/restore", operation_id="restoreUserAdmin", status=200, **DELETE)
async def restore_user_admin(host: Kernel, id: UUID) -> UserAdminResponseDto:
    """Bring a deleted account back."""
    async with store.administrators(host.db):
        if (await _existing(host, id)).status == "removing":
            raise Refused(400, "The account is being erased")
        row = await store.update(host.db, id, status="active", deleted_at=None)
    return admin_answer(row, host.paths)


@routes.get("/admin/users/{id}/preferences", operation_id="getUserPreferencesAdmin", **READ)
async def get_user_preferences_admin(host: Kernel, id: UUID) -> UserPreferencesResponseDto:
    """A user's preferences."""
    return await preferences.read(host.db, (await _existing(host, id)).id)


@routes.put("/admin/users/{id}/preferences", operation_id="updateUserPreferencesAdmin", deprecated=True, **UPDATE)
async def update_user_preferences_admin(
    host: Kernel, id: UUID, body: UserPreferencesUpdateDto
) -> UserPreferencesResponseDto:
    """Change some of a user's preferences."""
    return await preferences.change(host.db, (await _existing(host, id)).id, body)


@routes.get("/admin/users/{id}/statistics", operation_id="getUserStatisticsAdmin", **READ)
async def get_user_statistics_admin(
    host: Kernel, id: UUID, query: GetUserStatisticsAdminQuery
) -> AssetStatsResponseDto:
    """How many images and videos a user has."""
    await _existing(host, id)
    images, videos = await store.statistics(
        host.db, id, visibility=query.visibility, is_favorite=query.is_favorite, is_trashed=query.is_trashed
    )
    return AssetStatsResponseDto(images=images, videos=videos, total=images + videos)


@routes.get("/admin/users/{id}/calendar-heatmap", operation_id="getUserCalendarHeatmapAdmin", **READ)
async def get_user_calendar_heatmap_admin(
    host: Kernel, id: UUID, query: GetUserCalendarHeatmapAdminQuery
) -> CalendarHeatmapResponseDto:
    """How many of a user's assets fall on each day."""
    await _existing(host, id)
    return await heatmap(host.db, id, query.type, query.from_, query.to)
