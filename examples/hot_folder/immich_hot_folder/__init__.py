"""Watches folders and takes in what is put there."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin(
    "hot_folder",
    title="Hot folders",
    description="Watches folders of the server, a scanner's or a network share, and takes in what is put there.",
    uses=("outside_files",),
)
