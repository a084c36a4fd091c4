"""What clients may ask."""

from uuid import UUID

from pydantic import BaseModel

from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_sprout import store

ROUTES = Routes("Sprouting")


class SproutDto(BaseModel):
    """An asset and its size in bytes."""

    id: UUID
    size: int


@ROUTES.get("/plugins/sprout/noted", permission=Permission.ASSET_READ, operation_id="getSprout")
async def noted(caller: Caller, host: Host) -> list[SproutDto]:
    """The caller's assets, the largest first."""
    return [SproutDto(id=row["asset_id"], size=row["size"]) for row in await store.noted(host.db, caller.user_id)]
