"""What is done about facts: jobs are asked for, which do the work."""

import time
from uuid import UUID

from immich_host.plugin_api import Host
from immich_notifications import albums, jobs, mail_store

LONGEST_REASON = 300
"""Characters of an error that an administrator is told."""


async def job_failed(host: Host, job: str, queue: str, error: str) -> None:
    """Have administrators told of it, unless it is the telling that fails."""
    if job != jobs.FAILURE:
        await host.jobs.request(
            jobs.FAILURE, delay=jobs.FAILURES_TOGETHER, failed=job, queue=queue, error=error[:LONGEST_REASON]
        )


async def album_invited(host: Host, album_id: UUID, user_id: UUID, by: UUID) -> None:
    """Have somebody told that they were added to an album."""
    await host.jobs.request(
        jobs.ALBUM_INVITE, subject=f"{album_id}/{user_id}", album_id=album_id, user_id=user_id, by=by
    )


async def album_changed(host: Host, album_id: UUID, by: UUID | str) -> None:
    """Note what its members are to hear of, but for who has done it, and have them told when all is quiet."""
    album = await albums.find(host, album_id)
    others = sorted(album.user_ids - {UUID(str(by))}) if album is not None else []
    if not others:
        return
    step = int(time.time() // jobs.STEP.total_seconds())
    async with host.db.transaction():
        for user_id in await mail_store.note_change(host.db, album_id, others):
            await host.jobs.request(
                jobs.ALBUM_UPDATE,
                delay=jobs.QUIET.total_seconds(),
                subject=f"{album_id}/{user_id}/{step}",
                album_id=album_id,
                user_id=user_id,
            )


async def group_invited(host: Host, user_id: UUID, by: UUID, cluster_group_id: UUID) -> None:
    """Have somebody told that they were invited to a cluster group."""
    await host.jobs.request(
        jobs.GROUP_REQUEST,
        subject=f"{cluster_group_id}/{user_id}",
        cluster_group_id=cluster_group_id,
        user_id=user_id,
        by=by,
    )
