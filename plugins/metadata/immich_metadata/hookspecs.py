"""Facts that this plugin publishes."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.FACT)
async def metadata_faces_read(
    asset_id: UUID, owner_id: UUID, faces: Sequence[Mapping[str, Any]], cause: str, host: Host
) -> None:
    """The named faces that an asset's file or sidecar marks were read: all of them, in place of those told before.

    Each is `{"name": "Ann", "x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4}`: the corners as fractions of the
    original as it is shown, upright and uncropped. Not told at the first reading of a file without any.
    With the cause `sidecar-write` they are those that the server has just written itself.
    Worker. Raising is logged.
    """
