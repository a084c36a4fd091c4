"""Wiring: what this plugin hands to the host."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Caller, Host, Routes, hookimpl
from immich_host.plugin_api.web import RawJson
from immich_stacks import routes, store


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Putting together and taking apart."""
    return [routes.ROUTES]


@hookimpl
async def asset_extras(asset_ids: Sequence[UUID], user: Caller, host: Host) -> Mapping[str, Mapping[UUID, Any]]:
    """The stacks that assets are in; links do not show what else is in them."""
    if user.shared_link is not None:
        return {}
    found = await store.of_assets(host.db, asset_ids)
    return {"stack": {asset_id: RawJson(text) for asset_id, text in found.items()}}
