"""Wiring: what this plugin hands to the host."""

from collections.abc import Sequence
from pathlib import Path

from immich_host.plugin_api import Host, Job, Routes, Section, hookimpl
from immich_transcode import hls_jobs, hls_routes, jobs
from immich_transcode.hls_streams import Streams
from immich_transcode.settings import FFmpegSettings, Limits


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """Immich's `ffmpeg` section, and the limits of this plugin."""
    return [FFmpegSettings, Limits]


@hookimpl
def register_jobs() -> Sequence[Job]:
    """`encode`, after an asset can be seen; `stream_cleanup`, at night."""
    return [*jobs.JOBS, *hls_jobs.JOBS]


@hookimpl
def register_migrations() -> Path:
    """The tables of live streams."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Live streams."""
    return [hls_routes.ROUTES]


@hookimpl
async def plugin_check(host: Host) -> None:
    """Are ffmpeg and ffprobe there? Asking for one that is not says how to get it."""
    _ = host.binaries.ffmpeg, host.binaries.ffprobe


@hookimpl
async def plugin_started(host: Host) -> None:
    """Be ready for live streams."""
    hls_routes.STREAMS[host] = Streams(host)


@hookimpl
async def plugin_stopped(host: Host) -> None:
    """End live streams."""
    streams = hls_routes.STREAMS.pop(host, None)
    if streams is not None:
        await streams.stop()


@hookimpl
async def settings_changed(new: Section, host: Host) -> None:
    """End live streams when there are to be none any more."""
    if isinstance(new, FFmpegSettings) and not new.realtime.enabled and host in hls_routes.STREAMS:
        await hls_routes.STREAMS[host].end_all()
