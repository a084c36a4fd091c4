"""Finds photos by what they show."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "smartsearch",
    title="Smart search",
    description="Finds photos by what they show.",
    requires=("inference", "search"),
    wants=("thumbnails", "starter_models"),
)
