"""Finds photos and videos that are nearly the same."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "duplicates",
    title="Duplicates",
    description="Finds photos and videos that are nearly the same.",
    uses=("subprocess",),
    requires=("inference",),
    wants=("thumbnails", "starter_models"),
)
