"""Shows photos of this day in earlier years."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "memories",
    title="Memories",
    description="Shows photos of this day in earlier years.",
    # thumbnails: only what has a preview is shown; faces: people who are hidden are in no memory
    wants=("thumbnails", "faces"),
)
