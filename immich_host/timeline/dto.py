"""Wire models of the timeline."""

from enum import StrEnum

from pydantic import MISSING

from immich_host.plugin_api.answers import AssetOrder, AssetVisibility
from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import Id, QueryBool


class AssetOrderBy(StrEnum):
    """Date by which the timeline is sorted."""

    TAKEN_AT = "takenAt"
    CREATED_AT = "createdAt"


class TimeBucketAssetResponseDto(Dto):
    """One bucket as columns of equal length."""

    city: list[str | None] | MISSING = MISSING
    country: list[str | None] | MISSING = MISSING
    created_at: list[str]
    duration: list[int | None]
    file_created_at: list[str]
    id: list[str]
    is_favorite: list[bool]
    is_image: list[bool]
    is_trashed: list[bool]
    latitude: list[float | None] | MISSING = MISSING
    live_photo_video_id: list[str | None]
    local_offset_hours: list[float]
    longitude: list[float | None] | MISSING = MISSING
    owner_id: list[str]
    projection_type: list[str | None]
    ratio: list[float]
    stack: list[list[str] | None] | MISSING = MISSING
    thumbhash: list[str | None]
    visibility: list[AssetVisibility]


class TimeBucketsResponseDto(Dto):
    """A bucket and how many assets it holds."""

    count: int
    time_bucket: str


class GetTimeBucketsQuery(QueryDto):
    """Query of `getTimeBuckets`."""

    album_id: Id | None = None
    bbox: str | None = None
    is_favorite: QueryBool | None = None
    is_trashed: QueryBool | None = None
    order: AssetOrder | None = None
    order_by: AssetOrderBy | None = None
    person_id: Id | None = None
    tag_id: Id | None = None
    user_id: Id | None = None
    visibility: AssetVisibility | None = None
    with_coordinates: QueryBool | None = None
    with_partners: QueryBool | None = None
    with_stacked: QueryBool | None = None


class GetTimeBucketQuery(GetTimeBucketsQuery):
    """Query of `getTimeBucket`: the same, and which bucket."""

    time_bucket: str
