"""Whose migrations there are: the host's, then those of all installed plugins, on or off."""

from immich_host.db.migrating import HOST_APP, App
from immich_host.hosting.host import Hosting
from immich_host.hosting.record import Record, Stage


def app_of(record: Record) -> App | None:
    """A plugin's migrations; None where it has none or could not be loaded."""
    if record.brings.migrations is None or record.broken_at is Stage.LOAD:
        return None
    return App(record.name, record.brings.migrations)


def plugin_apps(hosting: Hosting) -> list[App]:
    """The migrations of installed plugins that loaded, in order."""
    return [app for app in map(app_of, hosting.order) if app is not None]


def all_apps(hosting: Hosting) -> list[App]:
    """The host's migrations, then those of plugins, so that switching one on runs no DDL."""
    return [HOST_APP, *plugin_apps(hosting)]
