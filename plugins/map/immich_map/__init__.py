"""Names the places of photos, and shows them on the map."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "map",
    title="Map",
    description="Names the city, state and country of photos without asking anybody, and shows photos on the map.",
    wants=("metadata", "albums", "sharing"),
)
