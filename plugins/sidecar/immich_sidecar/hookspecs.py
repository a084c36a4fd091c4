"""Hooks of this plugin's own: what other plugins may hand in, and what they are told."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.GATHER)
async def sidecar_extras(asset_ids: Sequence[UUID], host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """For what sidecars are to hold beside the columns of `asset_exif`: field -> asset -> its whole list.

    `tags` are paths ("Trips/Alps") and take the place of the column. `people` are named faces,
    `{"name": "Ann", "x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4}`: the corners as fractions of the
    original as it is shown, upright and uncropped. An empty list takes away what was handed in
    before; an asset that is not named keeps what its file has. Worker, in `sidecar.write`, which
    the plugin asks for when its part has changed. Raising fails that job, which is tried again.
    """
    raise NotImplementedError


@hookspec(Kind.FACT)
async def sidecar_changed(asset_id: UUID, owner_id: UUID, cause: str, host: Host) -> None:
    """An asset's sidecar was written (`sidecar-write`), found or lost outside of an asset's way in.

    Whoever reads sidecars reads this asset's again. Worker. Raising is logged.
    """
