"""Routes of the tag Memories. A memory is its owner's alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Refused, Routes
from immich_host.plugin_api.answers import BulkIdErrorReason, BulkIdResponseDto, BulkIdsDto
from immich_host.plugin_api.web import ByteStream, RawJson, json_list
from immich_memories import showing, store
from immich_memories.dto import (
    MemoriesQuery,
    MemoryCreateDto,
    MemoryResponseDto,
    MemoryStatisticsResponseDto,
    MemoryUpdateDto,
)

ROUTES = Routes("Memories")


@ROUTES.get(
    "/memories", permission=Permission.MEMORY_READ, operation_id="searchMemories", answers=list[MemoryResponseDto]
)
async def search_memories(caller: Caller, host: Host, query: MemoriesQuery) -> ByteStream:
    """The caller's memories that have assets to show, those of the latest days first; sent while they are read."""
    shown = await showing.shown_assets(host, caller)
    found = await store.ids(host.db, store.asked_for(caller.user_id, query, shown), query)
    return await json_list(showing.many(host, caller, found, shown))


@ROUTES.get("/memories/statistics", permission=Permission.MEMORY_STATISTICS, operation_id="memoriesStatistics")
async def memories_statistics(caller: Caller, host: Host, query: MemoriesQuery) -> MemoryStatisticsResponseDto:
    """How many memories all pages of the list have."""
    shown = await showing.shown_assets(host, caller)
    total = await store.count(host.db, store.asked_for(caller.user_id, query, shown))
    return MemoryStatisticsResponseDto(total=total)


@ROUTES.post(
    "/memories",
    permission=Permission.MEMORY_CREATE,
    operation_id="createMemory",
    status=201,
    answers=MemoryResponseDto,
)
async def create_memory(caller: Caller, host: Host, body: MemoryCreateDto) -> RawJson:
    """Make a memory of some of the caller's assets; others are left out."""
    values = _columns(body) | {"data": body.data.model_dump(mode="json"), "type": body.type.value}
    asset_ids = values.pop("asset_ids", [])
    async with host.db.transaction():
        memory_id = await store.create(host.db, caller.user_id, values)
        if asset_ids:
            await store.add(host.db, caller.user_id, memory_id, set(asset_ids))
    return await _answer(caller, host, memory_id, Permission.MEMORY_CREATE)


@ROUTES.get("/memories/{id}", permission=Permission.MEMORY_READ, operation_id="getMemory", answers=MemoryResponseDto)
async def get_memory(caller: Caller, host: Host, id: UUID) -> RawJson:
    """One of the caller's memories, also if there is nothing to show in it."""
    return await _answer(caller, host, id, Permission.MEMORY_READ)


@ROUTES.put(
    "/memories/{id}",
    permission=Permission.MEMORY_UPDATE,
    operation_id="updateMemory",
    answers=MemoryResponseDto,
    deprecated=True,
)
async def update_memory(caller: Caller, host: Host, id: UUID, body: MemoryUpdateDto) -> RawJson:
    """Save a memory, note that it was seen, or give it another day."""
    if not await store.update(host.db, caller.user_id, id, _columns(body)):
        raise _refusal(Permission.MEMORY_UPDATE)
    return await _answer(caller, host, id, Permission.MEMORY_UPDATE)


@ROUTES.delete("/memories/{id}", permission=Permission.MEMORY_DELETE, operation_id="deleteMemory")
async def delete_memory(caller: Caller, host: Host, id: UUID) -> None:
    """Delete a memory; its assets stay, and it is not made again."""
    if not await store.delete(host.db, caller.user_id, id):
        raise _refusal(Permission.MEMORY_DELETE)


@ROUTES.put("/memories/{id}/assets", permission=Permission.MEMORY_ASSET_CREATE, operation_id="addMemoryAssets")
async def add_memory_assets(caller: Caller, host: Host, id: UUID, body: BulkIdsDto) -> list[BulkIdResponseDto]:
    """Put assets of the caller's timeline into a memory; says for each whether it could be done."""
    async with host.db.transaction():
        if not await store.hold(host.db, caller.user_id, id):
            raise _refusal(Permission.MEMORY_ASSET_CREATE)
        added, before = await store.add(host.db, caller.user_id, id, set(body.ids))
        if added:
            await store.update(host.db, caller.user_id, id, {})
    return _outcomes(body.ids, added, before, BulkIdErrorReason.NO_PERMISSION)


@ROUTES.delete("/memories/{id}/assets", permission=Permission.MEMORY_ASSET_DELETE, operation_id="removeMemoryAssets")
async def remove_memory_assets(caller: Caller, host: Host, id: UUID, body: BulkIdsDto) -> list[BulkIdResponseDto]:
    """Take assets out of a memory; says for each whether it was in it."""
    async with host.db.transaction():
        if not await store.hold(host.db, caller.user_id, id):
            raise _refusal(Permission.MEMORY_ASSET_DELETE)
        removed = await store.remove(host.db, id, set(body.ids))
        if removed:
            await store.update(host.db, caller.user_id, id, {})
    return _outcomes(body.ids, removed, set(), BulkIdErrorReason.NOT_FOUND)


def _outcomes(
    ids: Sequence[UUID], done: set[UUID], before: set[UUID], otherwise: BulkIdErrorReason
) -> list[BulkIdResponseDto]:
    """How it went for each id; of an id that comes twice the first counts."""
    answers: list[BulkIdResponseDto] = []
    left, known = set(done), set(before)
    for each in ids:
        if each in left:
            left.remove(each)
            if otherwise is BulkIdErrorReason.NO_PERMISSION:
                known.add(each)
            answers.append(BulkIdResponseDto(id=each, success=True))
        else:
            error = BulkIdErrorReason.DUPLICATE if each in known else otherwise
            answers.append(BulkIdResponseDto(id=each, success=False, error=error))
    return answers


def _columns(body: MemoryCreateDto | MemoryUpdateDto) -> dict[str, Any]:
    """The columns that a body sets."""
    return {name: value for name, value in body if value is not MISSING}


async def _answer(caller: Caller, host: Host, memory_id: UUID, permission: Permission) -> RawJson:
    found = await showing.one(host, caller, memory_id)
    if found is None:
        raise _refusal(permission)
    return RawJson(found)


def _refusal(permission: Permission) -> Refused:
    """What is not there and what is somebody else's are not told apart."""
    return Refused(400, f"Not found or no {permission.value} access")
