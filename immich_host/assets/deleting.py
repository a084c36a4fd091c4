"""Trashing, restoring and erasing: rows first, files by a job after the commit.

Rows are locked in the order of their ids, here and in every other bulk change, so that nobody deadlocks.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from immich_host.assets.files import REMOVE_FILES
from immich_host.assets.stack_showing import show_what_can_be_seen
from immich_host.assets.stacking import OTHERS, tell_owner
from immich_host.plugin_api.jobs import JobContext, Outcome
from immich_host.settings.store import TrashSection
from immich_host.wire.kernel import Kernel

ERASE = "host.erase_assets"
"""Full name of the job that erases assets whose status is `deleted`."""
PAGE = 500
READ_SECONDS = 10.0
"""How long a plugin's listeners can read what the plugin has discarded, e.g. the albums that it was in."""

_LOCKED: Final = """
SELECT * FROM asset WHERE id = $1
  OR stack_id = (SELECT stack_id FROM asset WHERE id = $1)
  OR id = (SELECT live_photo_video_id FROM asset WHERE id = $1) OR live_photo_video_id = $1
ORDER BY id FOR UPDATE
"""


async def trash(host: Kernel, asset_ids: Sequence[UUID]) -> None:
    """Put assets into the trash; those there already stay as they are. Publishes asset_trashed per owner."""
    async with host.db.transaction():
        await host.stacks.hold(asset_ids)
        rows = await host.db.fetch(
            """UPDATE asset SET deleted_at = now(), status = 'trashed' WHERE id IN (
                 SELECT id FROM asset WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE)
               RETURNING id, owner_id""",
            list(asset_ids),
        )
        await show_what_can_be_seen(host, [row["id"] for row in rows], cause="trash")
        await _tell(host, "asset_trashed", [(row["owner_id"], row["id"]) for row in rows])


async def discard(host: Kernel, asset_ids: Sequence[UUID], *, delay: float = 0.0) -> None:
    """What a client's "delete" does: into the trash, or for good while the settings have the trash off.

    With `delay` the rows of what goes for good stay for so many seconds, for listeners who want to read them.
    """
    if host.settings(TrashSection).enabled:
        await trash(host, asset_ids)
    else:
        await mark_deleted(host, asset_ids, delay=delay)


async def mark_deleted(host: Kernel, asset_ids: Sequence[UUID], *, delay: float = 0.0) -> None:
    """Let assets go for good: they leave every list at once, a job erases them (after `delay` seconds)."""
    async with host.db.transaction():
        await host.db.execute(
            """UPDATE asset SET deleted_at = coalesce(deleted_at, now()), status = 'deleted' WHERE id IN (
                 SELECT id FROM asset WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)""",
            list(asset_ids),
        )
        await host.jobs.request(ERASE, cause="delete", delay=delay)


async def restore(host: Kernel, owner_id: UUID, asset_ids: Sequence[UUID] | None = None) -> int:
    """Take assets of one owner (all where None) out of the trash; returns how many."""
    async with host.db.transaction():
        wanted = [
            row["id"]
            for row in await host.db.fetch(
                """SELECT id FROM asset
                   WHERE owner_id = $1 AND status = 'trashed' AND deleted_at IS NOT NULL AND NOT is_offline
                     AND ($2::uuid[] IS NULL OR id = ANY($2::uuid[]))""",
                owner_id,
                None if asset_ids is None else list(asset_ids),
            )
        ]
        await host.stacks.hold(wanted)
        rows = await host.db.fetch(
            """UPDATE asset SET deleted_at = NULL, status = 'active'
               WHERE id = ANY($1::uuid[]) AND status = 'trashed' AND deleted_at IS NOT NULL AND NOT is_offline
               RETURNING id""",
            wanted,
        )
        restored = [row["id"] for row in rows]
        await show_what_can_be_seen(host, restored, cause="restore")
        await _tell(host, "asset_restored", [(owner_id, each) for each in restored])
    return len(restored)


async def empty_trash(host: Kernel, owner_id: UUID) -> int:
    """Let go of everything in one owner's trash; returns how many."""
    async with host.db.transaction():
        count = await host.db.fetchval(
            """WITH gone AS (UPDATE asset SET status = 'deleted' WHERE id IN (
                 SELECT id FROM asset WHERE owner_id = $1 AND status = 'trashed' AND deleted_at IS NOT NULL
                 ORDER BY id FOR NO KEY UPDATE) RETURNING 1)
               SELECT count(*) FROM gone""",
            owner_id,
        )
        if count:
            await host.jobs.request(ERASE, cause="delete")
    return count


async def _tell(host: Kernel, fact: str, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    for owner_id in {owner for owner, _ in pairs}:
        ids = [asset_id for owner, asset_id in pairs if owner == owner_id]
        for start in range(0, len(ids), PAGE):
            await host.publish(fact, asset_ids=ids[start : start + PAGE], owner_id=owner_id)


async def erase_job(ctx: JobContext) -> Outcome:
    """Job: erase every asset whose status is `deleted`, one transaction each, so that a crash loses nothing."""
    host: Kernel = ctx.host  # type: ignore[assignment] - the host's own jobs run in its own processes
    after: UUID | None = None
    while True:
        rows = await host.db.fetch(
            """SELECT id FROM asset WHERE status = 'deleted' AND ($1::uuid IS NULL OR id > $1)
               ORDER BY id LIMIT 500""",
            after,
        )
        if not rows:
            return Outcome.DONE
        for row in rows:
            await erase(host, row["id"])
        after = rows[-1]["id"]


async def erase(host: Kernel, asset_id: UUID, *, keep_video: UUID | None = None) -> None:
    """Delete one asset's rows, and its files after the commit; a live-photo video goes with its last still.

    Args:
        host: The kernel.
        asset_id: The asset; nothing happens where it is gone.
        keep_video: A live-photo video that stays.
    """
    async with host.db.transaction():
        locked = {row["id"]: row for row in await host.db.fetch(_LOCKED, asset_id)}
        asset = locked.get(asset_id)
        if asset is None:
            return
        size = await host.db.fetchval("SELECT file_size_in_byte FROM asset_exif WHERE asset_id = $1", asset_id)
        paths = await _files(host, asset)
        await _mend_stack(host, asset)
        await host.db.execute("DELETE FROM asset WHERE id = $1", asset_id)
        await host.jobs.request(
            REMOVE_FILES, cause="delete", paths=paths, erased_id=asset_id, owner_id=asset["owner_id"]
        )
        await host.publish("asset_deleted", asset_id=asset_id, owner_id=asset["owner_id"])
        if asset["live_photo_video_id"] != keep_video:
            await _erase_unused_video(host, asset["live_photo_video_id"])
        if asset["library_id"] is None:  # the owner's row last, as in an upload
            await host.db.execute(
                """UPDATE "user" SET quota_usage_in_bytes = greatest(0, quota_usage_in_bytes - $2) WHERE id = $1""",
                asset["owner_id"],
                size or 0,
            )


async def _files(host: Kernel, asset: Mapping[str, Any]) -> list[str]:
    """Stored paths that go with the asset. External and offline originals stay, with the sidecars beside them."""
    rows = await host.db.fetch("SELECT type, path FROM asset_file WHERE asset_id = $1", asset["id"])
    keep = asset["is_external"] or asset["is_offline"]
    folder = asset["original_path"].rpartition("/")[0]
    paths = [row["path"] for row in rows if not (keep and row["path"].rpartition("/")[0] == folder)]
    if not keep:
        paths.append(asset["original_path"])
    return [path for path in paths if not path.startswith("/")]


async def _mend_stack(host: Kernel, asset: Mapping[str, Any]) -> None:
    """A stack of fewer than two dissolves; one that loses its primary gets another. The asset concerned is told of."""
    stack_id = asset["stack_id"]
    if stack_id is None:
        return
    others = await host.db.fetch(OTHERS, stack_id, asset["id"])
    if len(others) < 2:
        await host.db.execute("UPDATE asset SET stack_id = NULL WHERE stack_id = $1", stack_id)
        is_changed = await host.db.fetchval("DELETE FROM stack WHERE id = $1 RETURNING true", stack_id)
    else:
        is_changed = await host.db.fetchval(
            "UPDATE stack SET primary_asset_id = $3 WHERE id = $1 AND primary_asset_id = $2 RETURNING true",
            stack_id, asset["id"], others[0]["id"],
        )  # fmt: skip
    if is_changed and others:
        await host.publish(
            "asset_changed",
            asset_id=others[0]["id"], owner_id=asset["owner_id"], fields=["stack_id"], cause="delete",
        )  # fmt: skip
    tell_owner(host.db, host.push, asset["owner_id"])


async def _erase_unused_video(host: Kernel, video_id: UUID | None) -> None:
    if video_id is None:
        return
    used = await host.db.fetchval("SELECT EXISTS (SELECT FROM asset WHERE live_photo_video_id = $1)", video_id)
    if not used:
        await erase(host, video_id)


async def expired_job(ctx: JobContext) -> Outcome:
    """Nightly job: what has lain in the trash longer than the settings say goes for good."""
    host: Kernel = ctx.host  # type: ignore[assignment]
    trash_settings = host.settings(TrashSection)
    days = trash_settings.days if trash_settings.enabled else 0
    async with host.db.transaction():
        await host.db.execute(
            """UPDATE asset SET status = 'deleted' WHERE id IN (
                 SELECT id FROM asset WHERE status = 'trashed'
                   AND deleted_at < now() - make_interval(days => least($1::bigint, 100000)::int)
                 ORDER BY id FOR NO KEY UPDATE)""",
            days,
        )
        await host.jobs.request(ERASE, cause="schedule")
    return Outcome.DONE
