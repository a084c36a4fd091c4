"""Reads text in photos and makes it searchable."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "ocr",
    title="Text in photos",
    description="Reads text in photos and makes it searchable.",
    requires=("inference",),
    wants=("thumbnails", "search"),
)
