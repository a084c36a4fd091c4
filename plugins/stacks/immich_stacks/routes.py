"""Tag `Stacks`: putting photos together, and taking them apart."""

from collections.abc import AsyncIterator, Collection, Sequence
from itertools import batched
from uuid import UUID

import orjson
from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_host.plugin_api.answers import BulkIdsDto
from immich_host.plugin_api.web import ByteStream, RawJson, json_list
from immich_stacks import store
from immich_stacks.dto import StackCreateDto, StackResponseDto, StacksQuery, StackUpdateDto

ROUTES = Routes("Stacks")

CAUSE = "stack"
"""Of the changes that are made here."""

_PAGE = 100


@ROUTES.get("/stacks", permission=Permission.STACK_READ, operation_id="searchStacks", answers=list[StackResponseDto])
async def search_stacks(caller: Caller, host: Host, query: StacksQuery) -> ByteStream:
    """The caller's stacks, the oldest first, or the one that an asset stands for; sent while they are read."""
    return await json_list(_pages(caller, host, query.primary_asset_id))


async def _pages(caller: Caller, host: Host, primary_id: UUID | None) -> AsyncIterator[list[bytes]]:
    async for ids in store.ids(host.db, caller.user_id, primary_id):
        for some in batched(ids, _PAGE, strict=False):
            yield await _shown(caller, host, some)


async def _shown(caller: Caller, host: Host, ids: Sequence[UUID]) -> list[bytes]:
    """Stacks as JSON; those that are gone meanwhile are left out."""
    found = await store.with_assets(host.db, caller.user_id, ids)
    assets = await host.assets.answers_json(caller, [asset_id for stack in found for asset_id in stack["asset_ids"]])
    return [
        orjson.dumps(
            {
                "id": str(stack["id"]),
                "primaryAssetId": str(stack["primary_asset_id"]),
                "assets": [orjson.Fragment(assets[each]) for each in stack["asset_ids"] if each in assets],
            }
        )
        for stack in found
    ]


@ROUTES.post(
    "/stacks", permission=Permission.STACK_CREATE, operation_id="createStack", status=201, answers=StackResponseDto
)
async def create_stack(caller: Caller, host: Host, body: StackCreateDto) -> RawJson:
    """Put assets together; the stacks that some of them are in become one with all their members."""
    ids = list(dict.fromkeys(body.asset_ids))
    await host.access.require_assets(caller, Permission.ASSET_UPDATE, ids)
    stack_id = await host.stacks.stack(ids, cause=CAUSE)
    return await _one(caller, host, stack_id, Permission.STACK_CREATE)


@ROUTES.delete("/stacks", permission=Permission.STACK_DELETE, operation_id="deleteStacks")
async def delete_stacks(caller: Caller, host: Host, body: BulkIdsDto) -> None:
    """Dissolve stacks; their assets stay."""
    await _delete(caller, host, set(body.ids))


@ROUTES.get("/stacks/{id}", permission=Permission.STACK_READ, operation_id="getStack", answers=StackResponseDto)
async def get_stack(caller: Caller, host: Host, id: UUID) -> RawJson:
    """One of the caller's stacks."""
    return await _one(caller, host, id, Permission.STACK_READ)


@ROUTES.put(
    "/stacks/{id}",
    permission=Permission.STACK_UPDATE,
    operation_id="updateStack",
    deprecated=True,
    answers=StackResponseDto,
)
async def update_stack(caller: Caller, host: Host, id: UUID, body: StackUpdateDto) -> RawJson:
    """Choose which asset is shown."""
    await _require(caller, host, Permission.STACK_UPDATE, {id})
    if body.primary_asset_id is not MISSING:
        is_allowed = await _may_change(caller, host, body.primary_asset_id)
        if not (is_allowed and await host.stacks.show(id, body.primary_asset_id, cause=CAUSE)):
            raise Refused(400, "Primary asset must be in the stack")
    return await _one(caller, host, id, Permission.STACK_UPDATE)


@ROUTES.delete("/stacks/{id}", permission=Permission.STACK_DELETE, operation_id="deleteStack")
async def delete_stack(caller: Caller, host: Host, id: UUID) -> None:
    """Dissolve a stack; its assets stay."""
    await _delete(caller, host, {id})


@ROUTES.delete("/stacks/{id}/assets/{assetId}", permission=Permission.STACK_UPDATE, operation_id="removeAssetFromStack")
async def remove_asset(caller: Caller, host: Host, id: UUID, assetId: UUID) -> None:  # noqa: N803 - named as in the path
    """Take one asset out, but not the one that is shown."""
    await _require(caller, host, Permission.STACK_UPDATE, {id})
    is_allowed = await _may_change(caller, host, assetId)
    async with host.db.transaction():
        await host.stacks.hold([assetId])
        found = await store.place(host.db, assetId) if is_allowed else None
        if found is None or found["stack_id"] != id:
            raise Refused(400, "Asset not in stack")
        if found["is_primary"]:
            raise Refused(400, "Cannot remove stack's primary asset")
        await host.stacks.take_out(assetId, cause=CAUSE)


async def _one(caller: Caller, host: Host, stack_id: UUID, permission: Permission) -> RawJson:
    shown = await _shown(caller, host, [stack_id])
    if not shown:
        raise _refusal(permission)
    return RawJson(shown[0])


async def _delete(caller: Caller, host: Host, stack_ids: Collection[UUID]) -> None:
    await _require(caller, host, Permission.STACK_DELETE, stack_ids)
    await host.stacks.unstack_many(stack_ids, cause=CAUSE)


async def _require(caller: Caller, host: Host, permission: Permission, stack_ids: Collection[UUID]) -> None:
    if await store.owned(host.db, caller.user_id, stack_ids) != set(stack_ids):
        raise _refusal(permission)


async def _may_change(caller: Caller, host: Host, asset_id: UUID) -> bool:
    """What is locked stays as it is for whoever has not unlocked it: to them it is not in the stack."""
    return bool(await host.access.allowed_assets(caller, Permission.ASSET_UPDATE, [asset_id]))


def _refusal(permission: Permission) -> Refused:
    """What a caller is told for what is not there or not theirs, which are not told apart."""
    return Refused(400, f"Not found or no {permission.value} access")
