"""The job: name the place of an asset's position. Safe to run twice."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host, Job, JobContext, Outcome
from immich_map import store
from immich_map.geocoding import NOWHERE, data_version, find_place
from immich_map.settings import ReverseGeocodingSettings


async def locate(ctx: JobContext, *, asset_id: str | UUID) -> Outcome:
    """Write city, state and country of the asset's position, or take them away with it."""
    host, key = ctx.host, UUID(str(asset_id))
    position = await store.position(host.db, key)
    is_on = host.settings(ReverseGeocodingSettings).enabled
    if not is_on and position is not None and position == await store.located(host.db, key):
        return Outcome.DONE
    place = await ctx.in_thread(find_place, *position) if position and is_on else NOWHERE
    async with host.db.transaction():
        if await store.hold_position(host.db, key) != position:
            # it has moved meanwhile: what moved it has asked for another run
            return Outcome.SKIPPED
        if position is None and await store.located(host.db, key) is None:
            return Outcome.SKIPPED
        await host.assets.write_exif(key, cause=ctx.cause, city=place.city, state=place.state, country=place.country)
        await store.remember(host.db, key, position if is_on else None)
    return Outcome.DONE if position else Outcome.SKIPPED


def made_by(host: Host) -> Mapping[str, Any]:
    """What names depend on: the switch, the data, and the rules of this plugin by number."""
    return {"reverseGeocoding": host.settings(ReverseGeocodingSettings), "data": data_version(), "rules": 1}


async def missing(host: Host) -> AsyncIterator[UUID]:
    """Assets whose position was never named, or another one; none while naming is off."""
    if host.settings(ReverseGeocodingSettings).enabled:
        async for asset_id in store.without_names(host.db):
            yield asset_id


async def everything(host: Host) -> AsyncIterator[UUID]:
    """Assets that have a position, or had one when they were named."""
    async for asset_id in store.with_position(host.db):
        yield asset_id


JOBS = (
    Job(
        "locate",
        locate,
        queue="map",
        missing=missing,
        everything=everything,
        made_by=made_by,
        time_limit=120.0,
        starts_queue=True,
    ),
)
