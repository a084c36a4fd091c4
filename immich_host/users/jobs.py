"""Jobs of the accounts: erasing deleted ones, and counting what each uses."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from immich_host.plugin_api.jobs import Job, JobContext, Outcome
from immich_host.settings.store import UserSection
from immich_host.users import store
from immich_host.users.rows import UserRow
from immich_host.wire.kernel import Kernel

FOLDERS: Final = ("upload", "library", "profile", "thumbs", "encoded-video")
ERASE_JOB: Final = "host.user_delete"


async def check_deleted(ctx: JobContext) -> Outcome:
    """Ask for the erasing of every account whose time is up."""
    host = ctx.host
    due = await store.to_be_erased(host.db, host.settings(UserSection).delete_delay)
    for user_id in due:
        await host.jobs.request(ERASE_JOB, cause=ctx.cause, user_id=user_id)
    return Outcome.DONE if due else Outcome.SKIPPED


async def erase_user(ctx: JobContext, *, user_id: UUID) -> Outcome:
    """Remove a deleted account's folders, then its row and all that hangs on it."""
    host = cast("Kernel", ctx.host)
    row = await store.begin_erasing(host.db, user_id, host.settings(UserSection).delete_delay)
    if row is None:
        return Outcome.SKIPPED
    for folder in folders_of(row, host.paths.root):
        await ctx.in_thread(_remove, folder)
    async with host.db.transaction():
        if not await store.erase(host.db, user_id):
            return Outcome.SKIPPED
        await host.publish("user_deleted", user_id=user_id)
    store.changed(user_id)
    return Outcome.DONE


def folders_of(row: UserRow, root: Path) -> Sequence[Path]:
    """A user's folders below the media root."""
    folders = [root / top / str(row.id) for top in FOLDERS]
    if row.storage_label:
        folders.append(root / "library" / row.storage_label)
    return [folder for folder in folders if folder.parent.parent == root and folder.name not in {"", ".", ".."}]


def _remove(folder: Path) -> None:
    """Delete a folder; one that is gone already is fine, one that cannot be deleted fails the job."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


async def count_usage(ctx: JobContext) -> Outcome:
    """Set every account's usage to what its files add up to."""
    await store.count_usage(ctx.host.db)
    return Outcome.DONE


HOST_JOBS: Final[Sequence[Job]] = (
    Job("user_delete_check", run=check_deleted, queue="backgroundTask", manual="user-cleanup", unique=None),
    Job("user_delete", run=erase_user, queue="backgroundTask", unique="user_id", time_limit=6 * 3600.0),
    Job("user_sync_usage", run=count_usage, queue="backgroundTask", unique=None),
)
"""The host's own jobs of this room; their full names begin with `host.`."""

NIGHTLY: Final[Mapping[str, Sequence[str]]] = {
    "databaseCleanup": ("host.user_delete_check",),
    "syncQuotaUsage": ("host.user_sync_usage",),
}
"""Switch of the nightly tasks -> full names of the jobs that it runs."""
