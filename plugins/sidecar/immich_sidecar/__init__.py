"""Finds the XMP files that lie beside photos, and writes what people change into them."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "sidecar",
    title="XMP sidecars",
    description="Finds XMP files beside photos and videos, and writes edited dates, places and captions into them.",
    provides=("gathered",),
    uses=("subprocess", "outside_files"),
)
