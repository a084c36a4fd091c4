"""Whose migrations there are: the host's, then those of all installed plugins, on or off."""

from immich_host.db.migrating import HOST_APP, App
from immich_host.hosting.host import Hosting
from immich_host.hosting.record import Status


def plugin_apps(hosting: Hosting) -> list[App]:
    """The migrations of installed plugins that loaded, in order."""
    return [
        App(record.name, record.brings.migrations)
        for record in hosting.order
        if record.brings.migrations is not None and record.status is not Status.BROKEN
    ]


def all_apps(hosting: Hosting) -> list[App]:
    """The host's migrations, then those of plugins, so that switching one on runs no DDL."""
    return [HOST_APP, *plugin_apps(hosting)]
