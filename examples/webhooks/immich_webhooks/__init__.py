"""Tells HTTP endpoints what happens to photos."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "webhooks",
    title="Webhooks",
    description="Sends what happens to photos to HTTP endpoints, signed, retried, with a log of deliveries.",
    uses=("network",),
)
