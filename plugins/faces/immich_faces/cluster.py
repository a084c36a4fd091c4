"""The jobs that tell faces apart: one clustering of a cluster group, and of all of them."""

import hashlib
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from immich_faces import cluster_store, features, people, people_store, sidecars
from immich_faces.cluster_store import LastRun
from immich_faces.detect import CLUSTER, FIRST_WAIT, is_wanted
from immich_faces.settings import FacialRecognition
from immich_host.plugin_api import Host, Job, JobContext, Outcome

if TYPE_CHECKING:
    from immich_faces.cluster_input import Given
    from immich_faces.cluster_run import Result

_log = logging.getLogger(__name__)

RECIPE = 1
"""Raised when this code tells faces apart better, so that all are looked at again."""


async def recognise(ctx: JobContext) -> Outcome:
    """Have the faces of every cluster group told apart; where it is forced, anew."""
    host = ctx.host
    if not is_wanted(host):
        return Outcome.SKIPPED
    await cluster_store.forget_groups(host.db)
    groups = await cluster_store.groups(host.db)
    for group_id in groups:
        await host.jobs.request(CLUSTER, cause=ctx.cause, force=ctx.force, group_id=group_id)
    return Outcome.DONE if groups else Outcome.SKIPPED


async def cluster(ctx: JobContext, *, group_id: str | UUID) -> Outcome:
    """Tell the faces of a group apart. Only one process does so at a time; what came meanwhile is for the next.

    What has not changed since the last time, and is not connected with what has, is left alone.
    """
    from immich_faces.cluster_input import Given

    host, group = ctx.host, UUID(str(group_id))
    if not is_wanted(host):
        return Outcome.SKIPPED
    async with host.db.lock(f"faces cluster {group}"):
        given = Given()
        try:
            return await _run(ctx, group, given)
        finally:
            given.close()


async def _run(ctx: JobContext, group_id: UUID, given: "Given") -> Outcome:
    from immich_faces.cluster_run import Wanted, told_apart

    host, began = ctx.host, time.monotonic()
    settings = host.settings(FacialRecognition)
    last = await cluster_store.last_run(host.db, group_id)
    owners = await cluster_store.owners(host.db, group_id)
    made_by = _made_by(settings, owners)
    width, others = await cluster_store.width(host.db, settings.model_name, owners)
    if others:
        _log.warning("%d faces are left out: their vectors have not %d numbers; look for all faces anew", others, width)
    await given.read(cluster_store.faces(host.db, settings.model_name, group_id, owners, width))
    given.know(await cluster_store.people(host.db, owners))
    gone = await cluster_store.gone(host.db, group_id, given.ids, int((given.column("seen") != 0).sum()))
    # Whom a face that has gone has held together is told by whose it was, though not for sure: so each night all are
    # looked at if some have gone, and always where several owners have their faces told apart together.
    is_loose = bool(gone) or (last is not None and last.is_loose)
    is_to_tighten = is_loose and (ctx.cause == "missing" or len(owners) > 1)
    everything = ctx.force or last is None or last.made_by != made_by or is_to_tighten
    wanted = Wanted(
        settings.max_distance, settings.min_faces, everything=everything, afresh=ctx.force, bereft=gone.people
    )
    result = await ctx.in_thread(told_apart, given, wanted, lambda: _go_on(ctx))
    await ctx.progress(result.looked_at, len(given))
    if not (everything or gone or result.changes or result.seen or result.said):
        return Outcome.SKIPPED
    async with host.db.transaction():
        await _save(host, group_id, result)
        await cluster_store.forget_gone(host.db, gone)
        run = LastRun(made_by, len(given), time.monotonic() - began, is_loose and not everything)
        await cluster_store.note_run(host.db, group_id, run)
    return Outcome.DONE


def _made_by(settings: FacialRecognition, owners: Sequence[UUID]) -> str:
    """What people depend on beside the faces: where it is another than the last time, all are looked at."""
    limits = f"{settings.model_name} {settings.max_distance:g} {settings.min_faces} {RECIPE}"
    return f"{limits} {hashlib.sha256(repr(owners).encode()).hexdigest()}"


def _go_on(ctx: JobContext) -> None:
    """End a thread whose work nobody waits for any more."""
    if ctx.cancelled:
        raise InterruptedError("the clustering was cancelled")


async def _save(host: Host, group_id: UUID, result: "Result") -> None:
    """Write it; faces of people who are gone meanwhile, or that somebody has changed, are for the next time."""
    concerned = {person_id for _, *both in result.changes for person_id in both if person_id is not None}
    new = {person_id for person_id, _ in result.new}
    others = {person_id for person_id, _ in (*result.identities, *result.said)}
    there = new | await people_store.hold(host.db, (concerned | others) - new)
    await cluster_store.make_people(host.db, result.new)
    changes = [change for change in result.changes if change[2] is None or change[2] in there]
    given_faces = await cluster_store.give(host.db, changes)
    await features.settle(host, there & concerned)
    await cluster_store.identify(host.db, result.identities)
    await people.delete_unseen(host, await cluster_store.emptied(host.db, there & concerned))
    await cluster_store.remember(host.db, group_id, result.seen)
    await cluster_store.note_said(host.db, result.said)
    if sidecars.are_written(host):
        await sidecars.names_changed(host, sorted({row["asset_id"] for row in given_faces}))


async def limits_changed(host: Host, old: FacialRecognition, new: FacialRecognition) -> None:
    """Have all faces told apart by the new limits; each process may ask, as equal requests that wait are one."""
    if (old.max_distance, old.min_faces) != (new.max_distance, new.min_faces) and is_wanted(host):
        for group_id in await cluster_store.groups(host.db):
            await host.jobs.request(CLUSTER, cause="settings", delay=FIRST_WAIT, group_id=group_id)


JOBS = (
    Job("recognise", recognise, queue="facialRecognition", unique=None, starts_queue=True),
    Job("cluster", cluster, queue="facialRecognition", unique="group_id"),
)
