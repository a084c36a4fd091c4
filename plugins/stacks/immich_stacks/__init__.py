"""Puts photos together, so that lists show one of them."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "stacks",
    title="Stacks",
    description="Puts photos together, so that lists show one of them.",
)
