"""A hook of this plugin's own: what names folders beside what the host knows."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host
from immich_host.plugin_api.markers import Kind, hookspec


@hookspec(Kind.GATHER)
async def storage_template_values(asset_ids: Sequence[UUID], host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """When files are named: field -> asset -> value. The one field is `album`.

    An album is `{"name": "Alps", "start": ..., "end": ...}`: the asset's first, with the moments (aware
    datetimes, or None) of the oldest and the newest photo in it. Assets in no album are left out. Asked
    only where the template has a variable of albums. Worker, in `storage_template.move`. Raising fails
    that job, which is tried again.
    """
    raise NotImplementedError
