"""Finding plugins, their status and order, and calling their hooks; the only room that knows pluggy."""

from immich_host.hosting.calling import Listener
from immich_host.hosting.host import HOST, Hosting, RegisteredJob
from immich_host.hosting.record import CONFLICT, Record, Stage, Status

__all__ = ["CONFLICT", "HOST", "Hosting", "Listener", "Record", "RegisteredJob", "Stage", "Status"]
