"""The one Piccolo engine of a process; its pool is the asyncpg pool that everything shares."""

import sys
from types import ModuleType

from piccolo.engine.postgres import PostgresEngine


class HostEngine(PostgresEngine):
    """Piccolo's engine without the connection that its constructor makes to ask for a version."""

    async def check_version(self) -> None:
        """Nothing: the address is not known yet; `doctor` tells versions."""


ENGINE = HostEngine(config={}, extensions=())
"""Tables find it through `piccolo_conf`; `Database.connect` gives it its address."""


def install() -> None:
    """Make Piccolo's tables and migrations find `ENGINE`: it looks for a module `piccolo_conf`."""
    module = ModuleType("piccolo_conf")
    module.DB = ENGINE  # type: ignore[attr-defined]
    sys.modules["piccolo_conf"] = module


install()
