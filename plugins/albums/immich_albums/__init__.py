"""Albums, whom they are shared with, and what is said about them."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "albums",
    title="Albums",
    description="Albums, whom they are shared with, and what is said about them.",
    wants=("storage_template",),
)
