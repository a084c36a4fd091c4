"""Tag `Tags`: tags, and which assets have them."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import BulkIdResponseDto, BulkIdsDto, TagResponseDto
from immich_host.plugin_api.web import RawJson
from immich_tags import bulk, store, tree
from immich_tags.answers import tag_answer
from immich_tags.dto import TagBulkAssetsDto, TagBulkAssetsResponseDto, TagCreateDto, TagUpdateDto, TagUpsertDto

ROUTES = Routes("Tags")


@ROUTES.get("/tags", permission=Permission.TAG_READ, operation_id="getAllTags", answers=list[TagResponseDto])
async def get_all_tags(caller: Caller, host: Host) -> RawJson:
    """The caller's tags, in the order of their paths."""
    return RawJson(await store.all_of(host.db, caller.user_id))


@ROUTES.post("/tags", permission=Permission.TAG_CREATE, operation_id="createTag", status=201)
async def create_tag(caller: Caller, host: Host, body: TagCreateDto) -> TagResponseDto:
    """Make a tag."""
    parent_id = None if body.parent_id is MISSING else body.parent_id
    color = None if body.color is MISSING else body.color
    return tag_answer(await tree.create(host, caller.user_id, body.name, parent_id, color))


@ROUTES.put("/tags", permission=Permission.TAG_CREATE, operation_id="upsertTags")
async def upsert_tags(caller: Caller, host: Host, body: TagUpsertDto) -> list[TagResponseDto]:
    """Tags by their paths, made where they are not there, with those above them."""
    return [tag_answer(row) for row in await tree.upsert(host, caller.user_id, body.tags)]


@ROUTES.put("/tags/assets", permission=Permission.TAG_ASSET, operation_id="bulkTagAssets")
async def bulk_tag_assets(caller: Caller, host: Host, body: TagBulkAssetsDto) -> TagBulkAssetsResponseDto:
    """Give tags to assets; those that are not the caller's are left alone."""
    tags = await store.by_ids(host.db, caller.user_id, body.tag_ids)
    assets = await host.access.allowed_assets(caller, Permission.ASSET_UPDATE, body.asset_ids)
    return TagBulkAssetsResponseDto(count=await bulk.give_many(host, caller.user_id, tags, assets))


@ROUTES.get("/tags/{id}", permission=Permission.TAG_READ, operation_id="getTagById")
async def get_tag_by_id(caller: Caller, host: Host, id: UUID) -> TagResponseDto:
    """One of the caller's tags."""
    row = await store.find(host.db, caller.user_id, id)
    if row is None:
        raise tree.refusal(Permission.TAG_READ)
    return tag_answer(row)


@ROUTES.put("/tags/{id}", permission=Permission.TAG_UPDATE, operation_id="updateTag", deprecated=True)
async def update_tag(caller: Caller, host: Host, id: UUID, body: TagUpdateDto) -> TagResponseDto:
    """Rename a tag, with all below it, or give it a colour."""
    return tag_answer(await tree.change(host, caller.user_id, id, body))


@ROUTES.delete("/tags/{id}", permission=Permission.TAG_DELETE, operation_id="deleteTag")
async def delete_tag(caller: Caller, host: Host, id: UUID) -> None:
    """Delete a tag and all below it; assets lose them."""
    await tree.delete(host, caller.user_id, id)


@ROUTES.put("/tags/{id}/assets", permission=Permission.TAG_ASSET, operation_id="tagAssets")
async def tag_assets(caller: Caller, host: Host, id: UUID, body: BulkIdsDto) -> list[BulkIdResponseDto]:
    """Give a tag to assets; says for each whether it could be done."""
    return await bulk.give(host, caller.user_id, id, body.ids, await _allowed(caller, host, id, body.ids))


@ROUTES.delete("/tags/{id}/assets", permission=Permission.TAG_ASSET, operation_id="untagAssets")
async def untag_assets(caller: Caller, host: Host, id: UUID, body: BulkIdsDto) -> list[BulkIdResponseDto]:
    """Take a tag away from assets; says for each whether it could be done."""
    return await bulk.take(host, caller.user_id, id, body.ids, await _allowed(caller, host, id, body.ids))


async def _allowed(caller: Caller, host: Host, tag_id: UUID, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the assets that the caller may change; the tag has to be the caller's."""
    if await store.find(host.db, caller.user_id, tag_id) is None:
        raise tree.refusal(Permission.TAG_ASSET)
    return await host.access.allowed_assets(caller, Permission.ASSET_UPDATE, asset_ids)
