"""The only room a plugin may import: the words that host and plugins share.

It is a leaf: it imports no other room of the host, and nothing heavy, so that a
plugin's modules load in milliseconds.
"""

from immich_host.plugin_api.errors import (
    Elsewhere,
    NotFound,
    PluginError,
    Refused,
    Unusable,
)
from immich_host.plugin_api.host import Host
from immich_host.plugin_api.jobs import Job, JobContext, Outcome
from immich_host.plugin_api.manifest import Plugin
from immich_host.plugin_api.markers import hookimpl
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.settings import Section
from immich_host.plugin_api.web import Caller, Routes

API_VERSION = "1.0"
"""Version of everything in this room; a plugin's manifest names the range it works with."""

__all__ = [
    "API_VERSION",
    "Caller",
    "Elsewhere",
    "Host",
    "Job",
    "JobContext",
    "NotFound",
    "Outcome",
    "Permission",
    "Plugin",
    "PluginError",
    "Refused",
    "Routes",
    "Section",
    "Unusable",
    "hookimpl",
]
