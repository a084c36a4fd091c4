"""Finds assets by what is known of them."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "search",
    title="Search",
    description="Finds assets by what is known of them.",
)
