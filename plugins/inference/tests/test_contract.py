"""What every plugin is held to; the job wants a hub, see test_first_use."""

from immich_host.testing.contract import PluginContract


class TestContract(PluginContract):
    plugin = "inference"
