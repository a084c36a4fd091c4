"""The test kit: real servers, and a host with just the plugins that a test names.

Installed with `immich-host[testing]`, its fixtures `servers` and `host` are there in every test run.
"""

from immich_host.testing.host import RunningHost
from immich_host.testing.servers import Servers

__all__ = ["RunningHost", "Servers"]
