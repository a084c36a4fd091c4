"""What all tests share; the fixtures `servers` and `host` are the test kit's own."""

from immich_host.testing.servers import TEMPLATE, Servers

__all__ = ["TEMPLATE", "Servers"]
