"""Names of people in XMP sidecars, which the plugin `sidecar` writes where the settings say so."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_faces import face_store
from immich_faces.settings import Faces
from immich_host.plugin_api import Host

WRITE = "sidecar.write"
_PAGE = 1000


def are_written(host: Host) -> bool:
    """Whether anybody writes them."""
    return host.settings(Faces).write_sidecars and host.is_enabled("sidecar")


async def names_changed(host: Host, asset_ids: Sequence[UUID]) -> None:
    """Have sidecars written whose people are others now, or have other names."""
    if not are_written(host):
        return
    for start in range(0, len(asset_ids), _PAGE):
        await host.jobs.request_many(WRITE, list(asset_ids[start : start + _PAGE]), cause="people")


async def people_in(host: Host, asset_ids: Sequence[UUID]) -> Mapping[UUID, list[dict[str, Any]]]:
    """For each asset the faces of named people, as `sidecar_extras` wants them."""
    found: dict[UUID, list[dict[str, Any]]] = {asset_id: [] for asset_id in asset_ids}
    for row in await face_store.named_faces(host.db, asset_ids):
        corners = {name: min(1.0, max(0.0, row[name])) for name in ("x1", "y1", "x2", "y2")}
        if corners["x1"] < corners["x2"] and corners["y1"] < corners["y2"]:
            found[row["asset_id"]].append({"name": row["name"], **corners})
    return found
