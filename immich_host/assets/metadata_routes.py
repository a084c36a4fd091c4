"""Routes of the key-value items that clients keep with assets."""

from uuid import UUID

from immich_host.assets import store
from immich_host.assets.dto import AssetMetadataBulkResponseDto, AssetMetadataResponseDto
from immich_host.assets.dto_input import (
    AssetMetadataBulkDeleteDto,
    AssetMetadataBulkUpsertDto,
    AssetMetadataUpsertDto,
)
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import Caller, Routes
from immich_host.wire.kernel import Kernel

routes = Routes("Assets")


@routes.put("/assets/metadata", operation_id="updateBulkAssetMetadata", permission=Permission.ASSET_UPDATE)
async def put_many(
    caller: Caller, host: Kernel, body: AssetMetadataBulkUpsertDto
) -> list[AssetMetadataBulkResponseDto]:
    """Store items of several assets."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, {item.asset_id for item in body.items})
    rows = await store.put_metadata(host.db, [(item.asset_id, item.key, item.value) for item in body.items])
    return [AssetMetadataBulkResponseDto(**row) for row in rows]


@routes.delete("/assets/metadata", operation_id="deleteBulkAssetMetadata", permission=Permission.ASSET_UPDATE)
async def forget_many(caller: Caller, host: Kernel, body: AssetMetadataBulkDeleteDto) -> None:
    """Remove items of several assets."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, {item.asset_id for item in body.items})
    await store.forget_metadata(host.db, [(item.asset_id, item.key) for item in body.items])


@routes.get("/assets/{id}/metadata", operation_id="getAssetMetadata", permission=Permission.ASSET_READ)
async def read_all(id: UUID, caller: Caller, host: Kernel) -> list[AssetMetadataResponseDto]:
    """All items of an asset."""
    await host.access.require_assets(caller, Permission.ASSET_READ, [id])
    return [AssetMetadataResponseDto(**row) for row in await store.metadata_items(id)]


@routes.put("/assets/{id}/metadata", operation_id="updateAssetMetadata", permission=Permission.ASSET_UPDATE)
async def put_all(
    id: UUID, caller: Caller, host: Kernel, body: AssetMetadataUpsertDto
) -> list[AssetMetadataResponseDto]:
    """Store items of an asset."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, [id])
    rows = await store.put_metadata(host.db, [(id, item.key, item.value) for item in body.items])
    return [AssetMetadataResponseDto(key=r["key"], value=r["value"], updated_at=r["updated_at"]) for r in rows]


@routes.get("/assets/{id}/metadata/{key}", operation_id="getAssetMetadataByKey", permission=Permission.ASSET_READ)
async def read_one(id: UUID, key: str, caller: Caller, host: Kernel) -> AssetMetadataResponseDto:
    """One item by its key."""
    await host.access.require_assets(caller, Permission.ASSET_READ, [id])
    rows = await store.metadata_items(id, key)
    if not rows:
        raise Refused(400, f'Metadata with key "{key}" not found for asset with id "{id}"')
    return AssetMetadataResponseDto(**rows[0])


@routes.delete("/assets/{id}/metadata/{key}", operation_id="deleteAssetMetadata", permission=Permission.ASSET_UPDATE)
async def forget_one(id: UUID, key: str, caller: Caller, host: Kernel) -> None:
    """Remove one item."""
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, [id])
    await store.forget_metadata(host.db, [(id, key)])
