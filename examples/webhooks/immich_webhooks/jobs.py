"""The jobs: one try of a delivery, and tidying the log."""

from uuid import UUID

from immich_host.plugin_api import Job, JobContext, Outcome
from immich_webhooks import store
from immich_webhooks.sending import send
from immich_webhooks.settings import Webhooks

DELIVER = "webhooks.deliver"
LONGEST_PAUSE = 3600.0


async def deliver(ctx: JobContext, *, delivery_id: str | UUID) -> Outcome:
    """Try a delivery once; on failure the next try is asked for, so that a slow endpoint holds no worker."""
    host = ctx.host
    delivery = await store.due(host.db, UUID(str(delivery_id)))
    if delivery is None:
        return Outcome.SKIPPED
    settings = host.settings(Webhooks)
    if not delivery["is_enabled"]:
        error = "the endpoint is switched off"
        await store.tried(host.db, delivery["id"], "failed", answer=None, error=error, milliseconds=0)
        return Outcome.SKIPPED
    result = await send(
        delivery["url"],
        delivery["secret"],
        fact=delivery["fact"],
        delivery_id=delivery["id"],
        body=delivery["payload"].encode(),
        timeout_seconds=settings.timeout_seconds,
        anywhere=delivery["is_admin"] or settings.private_networks,
    )
    attempts = delivery["attempts"] + 1
    is_last = result.is_hopeless or attempts >= settings.attempts
    status = "delivered" if result.is_delivered else "failed" if is_last else "waiting"
    async with host.db.transaction():
        await store.tried(
            host.db, delivery["id"], status, answer=result.answer, error=result.error, milliseconds=result.milliseconds
        )
        if status == "waiting":
            pause = min(settings.first_pause_seconds * 4 ** (attempts - 1), LONGEST_PAUSE)
            await host.jobs.request(DELIVER, cause="retry", delay=pause, delivery_id=delivery["id"])
    return Outcome.DONE


async def tidy(ctx: JobContext) -> Outcome:
    """Forget old deliveries."""
    await store.forget_old(ctx.host.db, ctx.host.settings(Webhooks).keep_days)
    return Outcome.DONE


JOBS = (
    Job("deliver", deliver, queue="webhooks", unique="delivery_id", time_limit=120),
    Job("tidy", tidy, queue="webhooks", cron="17 3 * * *"),
)
