"""Resolving groups: some assets are kept, the others go to the trash, and what was said of them is not lost."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from immich_duplicates import groups, groups_store
from immich_duplicates.dto import DuplicateResolveGroupDto
from immich_duplicates.merging import taken_over
from immich_host.plugin_api import Host, Refused
from immich_host.plugin_api.answers import BulkIdErrorReason, BulkIdResponseDto

_log = structlog.get_logger("duplicates")

COPIED_PARTS = ("albums", "tags")
"""What the plugins that own it give to the kept asset."""


class _NotSo(Refused):
    """What is wrong with a group; 400 is never sent, the answer has one result for each group."""

    def __init__(self, reason: BulkIdErrorReason, message: str) -> None:
        super().__init__(400, message)
        self.reason = reason


async def resolve(host: Host, owner_id: UUID, wanted: DuplicateResolveGroupDto) -> BulkIdResponseDto:
    """Resolve one group, all of it or nothing."""
    try:
        await _resolve(host, owner_id, wanted)
    except _NotSo as wrong:
        error, message = wrong.reason, wrong.message
    except Exception:  # the other groups are resolved all the same
        _log.exception("a group was not resolved", group=str(wanted.duplicate_id))
        error, message = BulkIdErrorReason.UNKNOWN, "The server could not resolve it; see its log"
    else:
        return BulkIdResponseDto(id=wanted.duplicate_id, success=True)
    return BulkIdResponseDto(id=wanted.duplicate_id, success=False, error=error, error_message=message)


async def _resolve(host: Host, owner_id: UUID, wanted: DuplicateResolveGroupDto) -> None:
    group, keep, trash = wanted.duplicate_id, set(wanted.keep_asset_ids), set(wanted.trash_asset_ids)
    async with host.db.transaction():
        await groups_store.lock(host.db, owner_id)
        there = await groups_store.members(host.db, owner_id, (), [group])
        members = {each: member for each, member in there.items() if member.is_candidate}
        _check(members, keep, trash)
        if len(keep) == 1 and trash:
            await _merge(host, owner_id, next(iter(keep)), sorted(trash))
        await groups.put(host, [members[each] for each in trash], dict.fromkeys(trash, None))
        await groups.release(host, [members[each] for each in keep])
        if trash:
            await host.assets.trash(sorted(trash))
        # what nobody has spoken of came into the group since the client has read it, and may stay in one
        await groups.regroup(host, owner_id, members.keys() - trash)


def _check(members: Iterable[UUID], keep: set[UUID], trash: set[UUID]) -> None:
    known = set(members)
    if not known:
        raise _NotSo(BulkIdErrorReason.NOT_FOUND, "There is no such group")
    if not keep and not trash:
        raise _NotSo(BulkIdErrorReason.VALIDATION, "Say which assets to keep and which to trash")
    if keep & trash:
        raise _NotSo(BulkIdErrorReason.VALIDATION, "An asset is both to be kept and to be trashed")
    if (keep | trash) - known:
        raise _NotSo(BulkIdErrorReason.VALIDATION, "An asset is not, or no longer, in the group")


async def _merge(host: Host, owner_id: UUID, kept: UUID, gone: Sequence[UUID]) -> None:
    copies = {copy.id: copy for copy in await groups_store.copies(host.db, [kept, *gone])}
    changes = taken_over(copies.pop(kept), list(copies.values()))
    if changes:
        await host.assets.edit(kept, **changes)
    for source in copies:
        await host.publish("asset_copied", source_id=source, asset_id=kept, owner_id=owner_id, parts=COPIED_PARTS)
