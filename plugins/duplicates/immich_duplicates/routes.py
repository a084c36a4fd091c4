"""Tag `Duplicates`: groups, resolving them, and saying that they are none."""

from collections.abc import Sequence
from itertools import batched
from uuid import UUID

import orjson

from immich_duplicates import groups, groups_store, resolving
from immich_duplicates.dto import DuplicateResolveDto, DuplicateResponseDto
from immich_host.plugin_api import Caller, Host, Permission, Routes
from immich_host.plugin_api.answers import BulkIdResponseDto, BulkIdsDto
from immich_host.plugin_api.web import ByteStream, json_list

ROUTES = Routes("Duplicates")

_PAGE = 100


@ROUTES.get(
    "/duplicates",
    permission=Permission.DUPLICATE_READ,
    operation_id="getAssetDuplicates",
    answers=list[DuplicateResponseDto],
)
async def read_duplicates(caller: Caller, host: Host) -> ByteStream:
    """All groups of the caller's assets, those with the newest pictures first; sent while they are read."""
    await groups.tidy(host, caller.user_id)
    ids = await groups_store.group_ids(host.db, caller.user_id)
    return await json_list(await _shown(caller, host, page) for page in batched(ids, _PAGE, strict=False))


async def _shown(caller: Caller, host: Host, ids: Sequence[UUID]) -> list[bytes]:
    """Groups as JSON; those that have fallen apart meanwhile are left out."""
    found = await groups_store.groups(host.db, caller.user_id, ids)
    assets = await host.assets.answers_json(caller, [asset_id for group in found for asset_id in group["asset_ids"]])
    return [
        orjson.dumps(
            {
                "duplicateId": str(group["id"]),
                "suggestedKeepAssetIds": [str(group["keep_id"])],
                "assets": [orjson.Fragment(assets[each]) for each in group["asset_ids"] if each in assets],
            }
        )
        for group in found
    ]


@ROUTES.delete("/duplicates", permission=Permission.DUPLICATE_DELETE, operation_id="deleteDuplicates")
async def dissolve_many(caller: Caller, host: Host, body: BulkIdsDto) -> None:
    """These groups are none: their assets stay, and are not put together again."""
    await groups.dissolve(host, caller.user_id, body.ids)


@ROUTES.delete("/duplicates/{id}", permission=Permission.DUPLICATE_DELETE, operation_id="deleteDuplicate")
async def dissolve_one(id: UUID, caller: Caller, host: Host) -> None:
    """This group is none: its assets stay, and are not put together again."""
    await groups.dissolve(host, caller.user_id, [id])


@ROUTES.post(
    "/duplicates/resolve", permission=Permission.DUPLICATE_DELETE, status=200, operation_id="resolveDuplicates"
)
async def resolve(caller: Caller, host: Host, body: DuplicateResolveDto) -> list[BulkIdResponseDto]:
    """Keep some assets of groups and trash others; a sole one that is kept takes over what was said of those."""
    return [await resolving.resolve(host, caller.user_id, group) for group in body.groups]
