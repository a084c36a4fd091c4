"""Searches by what is known of photos."""

import random
from typing import Any

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_host.plugin_api.answers import AssetResponseDto
from immich_host.plugin_api.web import RawJson
from immich_search import store
from immich_search.answers import SearchResponseDto, SearchStatisticsResponseDto
from immich_search.bookmarks import Bookmarks
from immich_search.dto import (
    LargeAssetsQuery,
    MetadataSearchDto,
    RandomSearchDto,
    SearchOrder,
    SearchOrderField,
    StatisticsSearchDto,
)
from immich_search.ordering import Ordering, Position
from immich_search.searching import conditions
from immich_search.showing import as_list, as_page, texts

ROUTES = Routes("Search")

_USUAL_SIZE = 250
_AROUND = 200
"""So many more are taken for a random choice, as gaps between ids differ: near ones are not to be favoured."""

_bookmarks = Bookmarks()

_READ: dict[str, Any] = {"permission": Permission.ASSET_READ}


def _or(value: Any, default: Any) -> Any:
    return value if isinstance(value, type(default)) else default


@ROUTES.post("/search/metadata", operation_id="searchAssets", shared_link=True, answers=SearchResponseDto, **_READ)
async def search_metadata(caller: Caller, host: Host, body: MetadataSearchDto) -> RawJson:
    """A page of what matches; the next one by number, or by cursor."""
    ordering = Ordering(_or(body.order_by, SearchOrder(direction=body.order)))
    _check_link(caller, ordering)
    size, number = _or(body.size, _USUAL_SIZE), _or(body.page, 1)
    after, skip = _begin(caller, body, ordering, number, size)
    found = await conditions(host, caller, body)
    rows = await store.page(host.db, found, ordering, size=size + 1, after=after, skip=skip)
    has_more, rows = len(rows) > size, rows[:size]
    items = await texts(host, caller, [asset_id for asset_id, _ in rows], body)
    if not has_more:
        return as_page(items)
    end = rows[-1][1]
    _bookmarks.note(caller, body, number + 1, end)
    # whoever filters as in 3.2 may not send a number, and whoever sends flat fields no cursor
    next_page = number + 1 if body.is_flat else None
    return as_page(items, next_page=next_page, next_cursor=None if body.flat_fields else ordering.cursor(end))


def _begin(
    caller: Caller, body: MetadataSearchDto, ordering: Ordering, number: int, size: int
) -> tuple[Position | None, int]:
    """Where the page begins: after a position, or after so many."""
    if isinstance(body.cursor, str):
        return ordering.position(body.cursor), 0
    if number == 1:
        return None, 0
    begin = _bookmarks.begin_of(caller, body, number)
    return begin, 0 if begin is not None else min((number - 1) * size, 2**62)


def _check_link(caller: Caller, ordering: Ordering) -> None:
    link = caller.shared_link
    if link is not None and not link.show_metadata and ordering.needs_exif:
        raise Refused(400, f"A shared link that shows no metadata cannot sort by {ordering.order.field.value}")


@ROUTES.post("/search/random", operation_id="searchRandom", answers=list[AssetResponseDto], **_READ)
async def search_random(caller: Caller, host: Host, body: RandomSearchDto) -> RawJson:
    """Some of what matches, in any order."""
    size = _or(body.size, _USUAL_SIZE)
    ids = await store.any_of(host.db, await conditions(host, caller, body), size + _AROUND)
    chosen = random.sample(ids, min(size, len(ids)))
    return as_list(await texts(host, caller, chosen, body))


@ROUTES.post("/search/statistics", operation_id="searchAssetStatistics", permission=Permission.ASSET_STATISTICS)
async def search_statistics(caller: Caller, host: Host, body: StatisticsSearchDto) -> SearchStatisticsResponseDto:
    """How many match."""
    return SearchStatisticsResponseDto(total=await store.count(host.db, await conditions(host, caller, body)))


@ROUTES.post("/search/large-assets", operation_id="searchLargeAssets", answers=list[AssetResponseDto], **_READ)
async def search_large(caller: Caller, host: Host, query: LargeAssetsQuery) -> RawJson:
    """What matches, the largest files first."""
    ordering = Ordering(SearchOrder(field=SearchOrderField.FILE_SIZE_IN_BYTES))
    found = await conditions(host, caller, query.body)
    rows = await store.page(host.db, found, ordering, size=query.size or _USUAL_SIZE)
    ids = [asset_id for asset_id, _ in rows]
    answers = await host.assets.answers_json(caller, ids, with_exif=query.with_exif is not False, extras=())
    return as_list(answers.values())
