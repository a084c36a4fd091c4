"""Finding plugins, their status and order, and calling their hooks; the only room that knows pluggy."""

from immich_host.hosting.calling import GatherConflict, Listener
from immich_host.hosting.host import HOST, Hosting, RegisteredJob
from immich_host.hosting.record import Record, Stage, Status

__all__ = ["HOST", "GatherConflict", "Hosting", "Listener", "Record", "RegisteredJob", "Stage", "Status"]
