"""What there is to search for: places, cameras, the latest."""

from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import AssetResponseDto, AssetVisibility
from immich_host.plugin_api.types import wire_time
from immich_host.plugin_api.web import RawJson
from immich_search import families, store
from immich_search.answers import SearchExploreItem, SearchExploreResponseDto
from immich_search.bodies import SearchBody
from immich_search.dto import SuggestionsQuery
from immich_search.searching import conditions
from immich_search.showing import as_list

ROUTES = Routes("Search")

_AMOUNT = 12
"""How many of each kind there are to explore."""
_LATEST = 5_000
"""Of so many photos the cities are counted."""

_SHOWN = SearchBody(visibility=AssetVisibility.TIMELINE)
_ANY = SearchBody()


@ROUTES.get("/search/explore", operation_id="getExploreData", permission=Permission.ASSET_READ)
async def explore(caller: Caller, host: Host) -> list[SearchExploreResponseDto]:
    """Cities with many of the latest photos, and the latest uploads, each with a photo."""
    by_city = await store.top_cities(host.db, await conditions(host, caller, _SHOWN), _AMOUNT, of_latest=_LATEST)
    by_time = await store.latest_uploads(host.db, await conditions(host, caller, _SHOWN), _AMOUNT)
    groups = {"exifInfo.city": by_city, "createdAt": [(wire_time(moment), asset_id) for moment, asset_id in by_time]}
    ids = {asset_id for group in groups.values() for _, asset_id in group}
    answers = {one.id: one for one in await host.assets.answers(caller, list(ids), extras=())}
    return [
        SearchExploreResponseDto(
            field_name=name,
            items=[
                SearchExploreItem(value=value, data=answers[asset_id])
                for value, asset_id in group
                if asset_id in answers
            ],
        )
        for name, group in groups.items()
    ]


@ROUTES.get(
    "/search/cities",
    operation_id="getAssetsByCity",
    permission=Permission.ASSET_READ,
    answers=list[AssetResponseDto],
)
async def assets_by_city(caller: Caller, host: Host) -> RawJson:
    """An asset of each city, by the names of cities."""
    ids = await store.cities(host.db, await conditions(host, caller, _SHOWN))
    return as_list((await host.assets.answers_json(caller, ids, extras=())).values())


@ROUTES.get(
    "/search/suggestions",
    operation_id="getSearchSuggestions",
    permission=Permission.ASSET_READ,
    answers=list[str],
)
async def suggestions(caller: Caller, host: Host, query: SuggestionsQuery) -> list[str | None]:
    """The different values of what can be searched for; null where some have none, if that is wanted."""
    asked = {name: getattr(query, name) for name in (*families.PLACES, *families.CAMERAS) if hasattr(query, name)}
    return await store.suggestions(
        host.db,
        await conditions(host, caller, _ANY),
        query.type,
        {name: value for name, value in asked.items() if value},
        with_null=query.include_null is True,
    )
