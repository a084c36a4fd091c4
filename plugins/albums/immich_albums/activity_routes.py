"""Routes of the tag Activities."""

from uuid import UUID

from immich_albums import activities, activity_store
from immich_albums.dto import (
    ActivityCreateDto,
    ActivityResponseDto,
    ActivityStatisticsQuery,
    ActivityStatisticsResponseDto,
    GetActivitiesQuery,
)
from immich_albums.rights import require_album
from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.web import Answer, RawJson

ROUTES = Routes("Activities")


@ROUTES.get(
    "/activities",
    operation_id="getActivities",
    permission=Permission.ACTIVITY_READ,
    answers=list[ActivityResponseDto],
)
async def get_activities(caller: Caller, host: Host, query: GetActivitiesQuery) -> RawJson:
    """Likes and comments of an album, or of an asset in it."""
    return RawJson(await activities.find(host, caller, query))


@ROUTES.post("/activities", operation_id="createActivity", permission=Permission.ACTIVITY_CREATE, status=201)
async def create_activity(caller: Caller, host: Host, body: ActivityCreateDto) -> Answer[ActivityResponseDto]:
    """Like or comment; 200 for a like that is there already."""
    activity, is_new = await activities.create(host, caller, body)
    return Answer(activity, 201 if is_new else 200)


@ROUTES.get("/activities/statistics", operation_id="getActivityStatistics", permission=Permission.ACTIVITY_STATISTICS)
async def get_statistics(caller: Caller, host: Host, query: ActivityStatisticsQuery) -> ActivityStatisticsResponseDto:
    """How many likes and comments there are."""
    await require_album(host, caller, Permission.ALBUM_READ, query.album_id)
    counts = await activity_store.counts(host.db, query.album_id, query.asset_id)
    return ActivityStatisticsResponseDto(comments=counts["comments"], likes=counts["likes"])


@ROUTES.delete("/activities/{id}", operation_id="deleteActivity", permission=Permission.ACTIVITY_DELETE)
async def delete_activity(caller: Caller, host: Host, id: UUID) -> None:
    """Remove a like or comment."""
    await activities.delete(host, caller, id)
