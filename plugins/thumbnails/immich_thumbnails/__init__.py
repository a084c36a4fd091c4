"""Makes the pictures that people look at: preview, thumbnail, ThumbHash and full-size copies."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "thumbnails",
    title="Thumbnails",
    description="Makes previews and thumbnails of photos, RAW files and videos.",
    wants=("metadata",),
    provides=("viewable",),
    uses=("subprocess",),
)
