"""Routes of the tag Map, and the search for places."""

import asyncio
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.web import RawJson
from immich_map import markers, store
from immich_map.dto import (
    MapMarkerResponseDto,
    MapMarkersQuery,
    MapReverseGeocodeResponseDto,
    PlacesResponseDto,
    ReverseGeocodeQuery,
    SearchPlacesQuery,
)
from immich_map.geocoding import NOWHERE, find_place, loaded_places
from immich_map.searching import search_places

ROUTES = Routes("Map")


@ROUTES.get(
    "/map/markers",
    permission=Permission.MAP_READ,
    operation_id="getMapMarkers",
    answers=list[MapMarkerResponseDto],
)
async def get_map_markers(caller: Caller, host: Host, query: MapMarkersQuery) -> RawJson:
    """Assets that have a position, newest first: the caller's own, and what partners and albums show if asked for."""
    return RawJson(await store.markers(host.db, await markers.of_caller(host, caller, query)))


@ROUTES.get(
    "/albums/{id}/map-markers",
    permission=Permission.ALBUM_READ,
    operation_id="getAlbumMapMarkers",
    tag="Albums",
    shared_link=True,
    answers=list[MapMarkerResponseDto],
)
async def get_album_map_markers(caller: Caller, host: Host, id: UUID) -> RawJson:
    """Assets of an album that have a position, newest first; none by a link that tells nothing about photos."""
    found = await markers.of_album(host, caller, id)
    return RawJson("[]" if found is None else await store.markers(host.db, [found]))


@ROUTES.get("/map/reverse-geocode", permission=Permission.MAP_SEARCH, operation_id="reverseGeocode")
async def reverse_geocode(query: ReverseGeocodeQuery) -> list[MapReverseGeocodeResponseDto]:
    """The names of a point; empty on the high seas."""
    place = await asyncio.to_thread(find_place, query.lat, query.lon)
    if place == NOWHERE:
        return []
    return [MapReverseGeocodeResponseDto(city=place.city, country=place.country, state=place.state)]


@ROUTES.get("/search/places", permission=Permission.ASSET_READ, operation_id="searchPlaces", tag="Search")
async def search_for_places(query: SearchPlacesQuery) -> list[PlacesResponseDto]:
    """Places by name, the likeliest first; 20 at most."""
    return await asyncio.to_thread(_found, query.name)


def _found(name: str) -> list[PlacesResponseDto]:
    rows, places = search_places(name), loaded_places()
    return [
        PlacesResponseDto(
            admin1name=places.state_name(row) or MISSING,
            latitude=round(places.latitude[row], 5),
            longitude=round(places.longitude[row], 5),
            name=places.name(row),
        )
        for row in rows
    ]
