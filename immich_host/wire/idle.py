"""Empty answers to the reads that clients make while a page loads, for when no plugin serves them."""

from typing import Any, Literal
from uuid import UUID

from immich_host.plugin_api.answers import AssetOcrResponseDto
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Routes
from immich_host.wire.dto import SystemConfigTemplateStorageOptionDto

_LISTS = (
    ("/notifications", "Notifications", "getNotifications", Permission.NOTIFICATION_READ),
    ("/memories", "Memories", "searchMemories", Permission.MEMORY_READ),
    ("/partners", "Partners", "getPartners", Permission.PARTNER_READ),
    ("/tags", "Tags", "getAllTags", Permission.TAG_READ),
    ("/activities", "Activities", "getActivities", Permission.ACTIVITY_READ),
    ("/faces", "Faces", "getFaces", Permission.FACE_READ),
    ("/stacks", "Stacks", "searchStacks", Permission.STACK_READ),
    ("/duplicates", "Duplicates", "getAssetDuplicates", Permission.DUPLICATE_READ),
    ("/map/markers", "Map", "getMapMarkers", Permission.MAP_READ),
)


def idle_routes() -> Routes:
    """The empty answers, with the permissions of the real routes."""
    routes = Routes("Idle")
    for path, tag, operation_id, permission in _LISTS:
        routes.get(path, tag=tag, operation_id=operation_id, permission=permission)(_nothing)
    _add_counted(routes)

    @routes.get("/assets/{id}/ocr", tag="Assets", operation_id="getAssetOcr", permission=Permission.ASSET_READ)
    async def no_text(id: UUID) -> list[AssetOcrResponseDto]:
        del id
        return []

    @routes.get(
        "/system-config/storage-template-options",
        tag="System config",
        operation_id="getStorageTemplateOptions",
        permission=Permission.SYSTEM_CONFIG_READ,
        admin=True,
    )
    async def no_options() -> SystemConfigTemplateStorageOptionDto:
        return SystemConfigTemplateStorageOptionDto()

    return routes


def _add_counted(routes: Routes) -> None:
    @routes.get("/people", tag="People", operation_id="getAllPeople", permission=Permission.PERSON_READ)
    async def no_people() -> dict[str, Any]:
        return {"people": [], "total": 0, "hidden": 0, "hasNextPage": False}

    @routes.get("/search/explore", tag="Search", operation_id="getExploreData", permission=Permission.ASSET_READ)
    async def nothing_to_explore() -> list[dict[str, Any]]:
        return [{"fieldName": name, "items": []} for name in ("exifInfo.city", "createdAt")]

    @routes.get(
        "/activities/statistics",
        tag="Activities",
        operation_id="getActivityStatistics",
        permission=Permission.ACTIVITY_STATISTICS,
    )
    async def no_activity() -> dict[Literal["comments", "likes"], int]:
        return {"comments": 0, "likes": 0}


async def _nothing() -> list[dict[str, Any]]:
    return []
