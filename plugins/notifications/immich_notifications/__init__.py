"""Tells people what has happened, in the app and by e-mail."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "notifications",
    title="Notifications",
    description="Tells people what has happened: in the app, and by e-mail where a mail server is set.",
    wants=("albums", "faces"),
    uses=("network",),
)
