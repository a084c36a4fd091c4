"""Reads what cameras wrote into photos and videos."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "metadata",
    title="Metadata",
    description="Reads dates, places, cameras and streams out of photos, videos and their XMP files.",
    wants=("sidecar",),
    provides=("described",),
    uses=("subprocess",),
)
