"""Jobs: telling of what has happened, sending mail, forgetting what is old."""

from datetime import timedelta
from uuid import UUID

from immich_host.plugin_api import Job, JobContext, Outcome
from immich_notifications import albums, mail_store, mails, store
from immich_notifications.dto import NotificationLevel, NotificationType
from immich_notifications.letters import Kind
from immich_notifications.settings import Smtp
from immich_notifications.store import Notice
from immich_notifications.telling import tell, tell_once

QUEUE = "notifications"

FAILURE = "notifications.notify_job_failed"
ALBUM_INVITE = "notifications.notify_album_invite"
ALBUM_UPDATE = "notifications.notify_album_update"
SIGNUP = "notifications.notify_user_signup"
GROUP_REQUEST = "notifications.notify_group_request"

FAILURES_TOGETHER = 30.0
"""Seconds in which failures of one job are told of together."""

QUIET = timedelta(minutes=5)
"""An album has to stay as it is for so long until its members hear of what has changed."""
STEP = timedelta(minutes=1)
"""Changes within it are waited for by one job."""
AT_MOST = timedelta(hours=1)
"""After which they hear of it all the same."""

LATE = timedelta(minutes=5)
"""What has not been done so long after it was due is asked for again."""

KEPT_DELETED = timedelta(days=3)
KEPT_READ = timedelta(days=2)
KEPT_UNREAD = timedelta(days=15)
KEPT_MAIL = timedelta(days=3)

WELCOMED = timedelta(days=1)


async def notify_job_failed(ctx: JobContext, *, failed: str, queue: str, error: str) -> Outcome:
    """Tell administrators that a job has failed; one unread notification for each job, however often."""
    notice = Notice(
        type=NotificationType.JOB_FAILED,
        level=NotificationLevel.ERROR,
        title="Job failed",
        description=f"{failed}: {error}",
        data={"job": failed, "queue": queue},
    )
    for user_id in await store.administrators(ctx.host.db):
        await tell_once(ctx.host, user_id, notice, "job")
    return Outcome.DONE


async def notify_user_signup(ctx: JobContext, *, user_id: str | UUID) -> Outcome:
    """Send a mail to who has a new account."""
    is_sent = await mails.request(ctx.host, UUID(str(user_id)), Kind.WELCOME, {}, unless_within=WELCOMED)
    return Outcome.DONE if is_sent else Outcome.SKIPPED


async def notify_album_invite(
    ctx: JobContext, *, subject: str, album_id: str | UUID, user_id: str | UUID, by: str | UUID
) -> Outcome:
    """Tell somebody that they were added to an album."""
    del subject
    host, user = ctx.host, UUID(str(user_id))
    album = await albums.find(host, UUID(str(album_id)))
    if album is None or user not in album.user_ids:
        return Outcome.SKIPPED
    sender = await store.account(host.db, UUID(str(by)))
    name = "Somebody" if sender is None else sender["name"]
    notice = Notice(
        type=NotificationType.ALBUM_INVITE,
        level=NotificationLevel.SUCCESS,
        title="Shared album",
        description=f"{name} shares the album {album.name} with you",
        data={"albumId": str(album.id)},
    )
    async with host.db.transaction():
        if await tell(host, user, notice) is None:
            return Outcome.SKIPPED
        await mails.request(host, user, Kind.ALBUM_INVITE, {"album_id": str(album.id), "by": str(by)})
    return Outcome.DONE


async def notify_album_update(ctx: JobContext, *, subject: str, album_id: str | UUID, user_id: str | UUID) -> Outcome:
    """Tell a member what has come into an album, once nothing more comes; else a later job does."""
    del subject
    host, user, album_id = ctx.host, UUID(str(user_id)), UUID(str(album_id))
    async with host.db.transaction():
        if not await mail_store.take_change(host.db, album_id, user, quiet=QUIET - STEP, at_most=AT_MOST):
            return Outcome.SKIPPED
        album = await albums.find(host, album_id)
        if album is None or user not in album.user_ids:
            return Outcome.SKIPPED
        notice = Notice(
            type=NotificationType.ALBUM_UPDATE,
            title="New in a shared album",
            description=f"There are new photos or videos in the album {album.name}",
            data={"albumId": str(album.id)},
        )
        await tell(host, user, notice, unless_within=None)
        await mails.request(host, user, Kind.ALBUM_UPDATE, {"album_id": str(album.id)})
    return Outcome.DONE


async def notify_group_request(
    ctx: JobContext, *, subject: str, cluster_group_id: str | UUID, user_id: str | UUID, by: str | UUID
) -> Outcome:
    """Tell somebody that they were invited to a cluster group."""
    del subject
    sender = await store.account(ctx.host.db, UUID(str(by)))
    name = "Somebody" if sender is None else sender["name"]
    notice = Notice(
        type=NotificationType.CLUSTER_GROUP_REQUEST,
        title="Faces together",
        description=f"{name} invites you to have faces told apart together",
        data={"clusterGroupId": str(cluster_group_id), "userId": str(by)},
    )
    told = await tell(ctx.host, UUID(str(user_id)), notice)
    return Outcome.SKIPPED if told is None else Outcome.DONE


async def catch_up(ctx: JobContext) -> Outcome:
    """Ask again for what is late: the plugin was off when it was due, or the queue was emptied."""
    host = ctx.host
    changes = await mail_store.late_changes(host.db, QUIET + LATE)
    for album_id, user_id in changes:
        subject = f"{album_id}/{user_id}/late"
        await host.jobs.request(ALBUM_UPDATE, subject=subject, album_id=album_id, user_id=user_id)
    late = await mail_store.late(host.db, LATE) if host.settings(Smtp).enabled else []
    for mail_id in late:
        await host.jobs.request(mails.SEND, mail_id=mail_id)
    return Outcome.DONE if changes or late else Outcome.SKIPPED


async def notifications_cleanup(ctx: JobContext) -> Outcome:
    """Erase what was deleted or read some days ago, or never read in two weeks."""
    gone = await store.tidy(ctx.host.db, deleted=KEPT_DELETED, read=KEPT_READ, unread=KEPT_UNREAD)
    gone += await mail_store.tidy(ctx.host.db, KEPT_MAIL)
    return Outcome.DONE if gone else Outcome.SKIPPED


JOBS = (
    Job("notify_job_failed", notify_job_failed, queue=QUEUE, unique="failed"),
    Job("notify_user_signup", notify_user_signup, queue=QUEUE, unique="user_id"),
    Job("notify_album_invite", notify_album_invite, queue=QUEUE, unique="subject"),
    Job("notify_album_update", notify_album_update, queue=QUEUE, unique="subject"),
    Job("notify_group_request", notify_group_request, queue=QUEUE, unique="subject"),
    Job("send_mail", mails.send_mail, queue=QUEUE, unique="mail_id", retries=mails.RETRIES, time_limit=300),
    Job("catch_up", catch_up, queue=QUEUE, cron="*/10 * * * *"),
    Job("notifications_cleanup", notifications_cleanup, queue="backgroundTask", nightly="databaseCleanup"),
)
