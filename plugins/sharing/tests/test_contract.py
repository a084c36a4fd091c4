"""What every plugin is held to."""

from immich_host.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "sharing"
