"""Shares a library with partners, and albums and photos with whoever has a link."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "sharing",
    title="Sharing",
    description="Shares a library with partners, and albums and photos with whoever has a link.",
    requires=("albums",),
)
