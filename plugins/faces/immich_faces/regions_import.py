"""The job that takes over the people whom other programs have named in a file or its sidecar."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_faces import features, likeness, regions_store
from immich_faces.regions import Box, Plan, Region, plan
from immich_faces.settings import FaceImport
from immich_host.plugin_api import Host, JobContext, Outcome

JOB = "faces.import_regions"
OWN_WRITING = "sidecar-write"
"""Cause of a reading of what the server has just written itself."""

_SIDE = 10_000
"""Width of a picture whose size is not known, for boxes that are fractions."""


async def told(host: Host, asset_id: UUID, faces: Sequence[Mapping[str, Any]], cause: str) -> None:
    """Ask for the job, where regions are to be taken over."""
    if host.settings(FaceImport).import_ and cause != OWN_WRITING:
        await host.jobs.request(JOB, asset_id=asset_id, faces=list(faces), cause=cause, chain=False)


async def run(ctx: JobContext, *, asset_id: str | UUID, faces: Sequence[Mapping[str, Any]]) -> Outcome:
    """Give the faces of an asset the names that its file has for them.

    A region that is the same face as a known one (by their overlap) names that one; others become faces of their
    own. What a human has said here stays. People are found by their names, whatever the case, or made.
    """
    host, wanted = ctx.host, UUID(str(asset_id))
    regions = [region for region in map(Region.of, faces) if region.name]
    async with host.db.transaction():
        asset = await regions_store.hold_asset(host.db, wanted)
        if asset is None:
            return Outcome.SKIPPED
        todo = plan(regions, await regions_store.known(host.db, wanted))
        people = await _people(host, asset["owner_id"], [*todo.named.values(), *todo.new])
        await regions_store.hold_people(host.db, wanted, people.values())
        size = (asset["width"] or _SIDE, asset["height"] or _SIDE)
        await _carry_out(host, wanted, todo, people, size)
        if todo.named or todo.freed:
            await likeness.look_again(host, asset["owner_id"])
    return Outcome.DONE if regions or todo.freed or todo.gone else Outcome.SKIPPED


async def _carry_out(host: Host, asset_id: UUID, todo: Plan, people: Mapping[str, UUID], size: tuple[int, int]) -> None:
    named = {face_id: (people[region.name], region.name) for face_id, region in todo.named.items()}
    concerned = set(await regions_store.name_faces(host.db, named))
    new = [(people[region.name], region.name, _pixels(region.box, size)) for region in todo.new]
    await regions_store.add_faces(host.db, asset_id, size, new)
    concerned |= {person_id for person_id, *_ in new}
    concerned |= set(await regions_store.free_faces(host.db, todo.freed))
    concerned |= set(await regions_store.delete_faces(host.db, todo.gone))
    await features.settle(host, concerned)


async def _people(host: Host, owner_id: UUID, regions: Sequence[Region]) -> dict[str, UUID]:
    """Name as in the file -> person; those who are not there are made."""
    names = list(dict.fromkeys(region.name for region in regions))
    if not names:
        return {}
    await regions_store.hold_names(host.db, owner_id)
    there = await regions_store.people_called(host.db, owner_id, names)
    lacking = [name for name in names if name not in there]
    if lacking:
        await regions_store.make_people(host.db, owner_id, lacking)
        there = await regions_store.people_called(host.db, owner_id, names)
    return there


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    width, height = size
    return round(box[0] * width), round(box[1] * height), round(box[2] * width), round(box[3] * height)
