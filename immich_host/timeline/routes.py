"""Routes of the timeline."""

from datetime import date
from typing import Any

from immich_host.plugin_api.answers import AssetOrder
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, RawJson, Routes
from immich_host.timeline import store
from immich_host.timeline.conditions import conditions, month_column, viewer_of
from immich_host.timeline.dto import (
    GetTimeBucketQuery,
    GetTimeBucketsQuery,
    TimeBucketAssetResponseDto,
    TimeBucketsResponseDto,
)
from immich_host.wire.kernel import Kernel

routes = Routes("Timeline")

_SHARED: dict[str, Any] = {"permission": Permission.ASSET_READ, "shared_link": True}


@routes.get("/timeline/buckets", operation_id="getTimeBuckets", answers=list[TimeBucketsResponseDto], **_SHARED)
async def read_buckets(caller: Caller, host: Kernel, query: GetTimeBucketsQuery) -> RawJson:
    """The months that have assets, with how many."""
    found = await conditions(host, caller, query)
    text = await store.buckets(
        host.db, found, month=month_column(query), newest_first=query.order is not AssetOrder.ASC
    )
    return RawJson(text)


@routes.get("/timeline/bucket", operation_id="getTimeBucket", answers=TimeBucketAssetResponseDto, **_SHARED)
async def read_bucket(caller: Caller, host: Kernel, query: GetTimeBucketQuery) -> RawJson:
    """The assets of one month, as columns."""
    first_day = _month(query.time_bucket)
    found = await conditions(host, caller, query)
    shows_places = caller.shared_link is None or caller.shared_link.show_metadata
    text = await store.bucket(
        host.db,
        found,
        month=month_column(query),
        first_day=first_day,
        viewer=viewer_of(caller),
        newest_first=query.order is not AssetOrder.ASC,
        with_places=shows_places,
        with_coordinates=bool(query.with_coordinates) and shows_places,
        with_stacks=bool(query.with_stacked),
    )
    return RawJson(text)


def _month(text: str) -> date:
    """The first day of the month that a bucket names; a full date-time is taken too.

    Raises:
        Refused: 400 when it is no date.
    """
    try:
        return date.fromisoformat(text[:10]).replace(day=1)
    except ValueError:
        issue: dict[str, object] = {
            "code": "invalid_format",
            "path": ["timeBucket"],
            "message": "Invalid input: expected date such as 2024-05-01",
        }
        raise Refused(400, "Validation failed", [issue]) from None
