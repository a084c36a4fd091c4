"""From a fact to deliveries."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from immich_host.plugin_api import Host
from immich_webhooks import store
from immich_webhooks.jobs import DELIVER

FACTS = (
    "asset_created",
    "asset_described",
    "asset_viewable",
    "asset_changed",
    "asset_trashed",
    "asset_restored",
    "asset_deleted",
    "user_created",
)
TEST = "test"


async def tell(host: Host, fact: str, owner_id: UUID, **data: Any) -> None:
    """Note a delivery for each endpoint that listens; the rows and their jobs are written together."""
    owner_id = UUID(str(owner_id))
    async with host.db.transaction():
        for endpoint_id in await store.listeners(host.db, fact, owner_id):
            await deliver_to(host, endpoint_id, fact, {"ownerId": str(owner_id), **data})


async def deliver_to(host: Host, endpoint_id: UUID, fact: str, data: dict[str, Any]) -> UUID:
    """Note one delivery and ask for its first try; returns its id."""
    payload = json.dumps({"fact": fact, "at": datetime.now(UTC).isoformat(), "data": data})
    delivery_id = await store.log(host.db, endpoint_id, fact, payload)
    await host.jobs.request(DELIVER, cause="fact", delivery_id=delivery_id)
    return delivery_id
