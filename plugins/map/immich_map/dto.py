"""Wire models of the map."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field

from immich_host.plugin_api.dto import Dto, QueryDto
from immich_host.plugin_api.types import QueryBool, Timestamp


class MapMarkerResponseDto(Dto):
    """An asset on the map."""

    city: str | None
    country: str | None
    id: UUID
    lat: float
    lon: float
    state: str | None


class MapReverseGeocodeResponseDto(Dto):
    """The names of a place."""

    city: str | None
    country: str | None
    state: str | None


class MapMarkersQuery(QueryDto):
    """Query of `getMapMarkers`."""

    file_created_after: Timestamp | None = None
    file_created_before: Timestamp | None = None
    is_archived: QueryBool | None = None
    is_favorite: QueryBool | None = None
    with_partners: QueryBool | None = None
    with_shared_albums: QueryBool | None = None


class ReverseGeocodeQuery(QueryDto):
    """Query of `reverseGeocode`, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class PlacesResponseDto(Dto):
    """A place that was found by its name."""

    admin1name: str | MISSING = Field(default=MISSING, alias="admin1name")
    admin2name: str | MISSING = Field(default=MISSING, alias="admin2name")
    latitude: float
    longitude: float
    name: str


class SearchPlacesQuery(QueryDto):
    """Query of `searchPlaces`."""

    name: str
