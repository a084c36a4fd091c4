"""Files originals under `library` by a template of the administrator's."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "storage_template",
    title="Storage template",
    description="Files photos and videos under names and in folders that a template makes of dates, albums, cameras.",
    wants=("metadata", "albums"),
    provides=("placed",),
)
