"""Tags of photos, as their files have them and as people give them."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "tags",
    title="Tags",
    description="Tags of photos, as their files have them and as people give them.",
    wants=("metadata", "sidecar", "search"),
)
