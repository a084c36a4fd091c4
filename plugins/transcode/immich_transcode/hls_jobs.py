"""The nightly job of live streams."""

from immich_host.plugin_api import Job, JobContext, Outcome
from immich_transcode.hls_routes import STREAMS


async def clean(ctx: JobContext) -> Outcome:
    """Remove what crashes have left of live streams."""
    streams = STREAMS.get(ctx.host)
    if streams is None:
        return Outcome.SKIPPED
    await streams.keeping.clean()
    return Outcome.DONE


JOBS = (Job("stream_cleanup", clean, queue="backgroundTask", cron="0 0 * * *", unique=None),)
