"""Stacks RAW+JPEG pairs and bursts, by rules, and undoes it."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "auto_stack",
    title="Automatic stacks",
    description="Stacks RAW+JPEG pairs and bursts once their metadata is read; what people stack is left alone.",
)
