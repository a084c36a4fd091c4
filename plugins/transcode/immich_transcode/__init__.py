"""Makes copies of videos that every browser plays."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "transcode",
    title="Video transcoding",
    description="Makes copies of videos that every browser plays, and streams them live.",
    uses=("subprocess", "gpu"),
)
