"""Finds faces and groups them into people."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "faces",
    title="Faces",
    description="Finds faces and groups them into people.",
    # thumbnails: it makes the previews that faces are looked for on, and cuts people's pictures out of photos
    requires=("inference", "thumbnails"),
    wants=("metadata", "sidecar", "starter_models"),
)
