"""Notes what photos and videos take up."""

from immich_host.plugin_api import Plugin

PLUGIN = Plugin("sprout", title="Sprouting", description="Notes what photos and videos take up.")
