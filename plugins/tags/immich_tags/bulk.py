"""Giving tags to many assets and taking them away: how it went for each."""

from collections.abc import Collection, Sequence
from uuid import UUID

from pydantic import MISSING

from immich_host.plugin_api import Host
from immich_host.plugin_api.answers import BulkIdErrorReason, BulkIdResponseDto
from immich_tags.paths import MOST_TAGS
from immich_tags.tagging import Pairs, Wish, agreeing


async def give_many(host: Host, owner_id: UUID, tag_ids: Collection[UUID], asset_ids: Collection[UUID]) -> int:
    """Give each of the tags to each of an owner's assets; answers how many had to be given."""
    if not tag_ids:
        return 0
    wanted, count = set(tag_ids), 0
    async for done in agreeing(host, owner_id, asset_ids, Wish(more=list(tag_ids))):
        count += sum(tag_id in wanted for _, tag_id in done.after - done.before)
    return count


async def give(
    host: Host, owner_id: UUID, tag_id: UUID, asset_ids: Sequence[UUID], allowed: Collection[UUID]
) -> list[BulkIdResponseDto]:
    """Give a tag to those of the assets that are allowed; one that is named twice has it the second time."""
    had: set[UUID] = set()
    have: set[UUID] = set()
    there: set[UUID] = set()
    async for done in agreeing(host, owner_id, allowed, Wish(more=[tag_id])):
        had |= _with(tag_id, done.before)
        have |= _with(tag_id, done.after)
        there |= done.assets
    answers: list[BulkIdResponseDto] = []
    for asset_id in asset_ids:
        if asset_id in had:
            answers.append(_failed(asset_id, BulkIdErrorReason.DUPLICATE))
        elif asset_id in have:
            had.add(asset_id)
            answers.append(BulkIdResponseDto(id=asset_id, success=True))
        elif asset_id in there:
            answers.append(_failed(asset_id, BulkIdErrorReason.VALIDATION, f"An asset has at most {MOST_TAGS} tags"))
        else:
            answers.append(_failed(asset_id, BulkIdErrorReason.NO_PERMISSION))
    return answers


async def take(
    host: Host, owner_id: UUID, tag_id: UUID, asset_ids: Sequence[UUID], allowed: Collection[UUID]
) -> list[BulkIdResponseDto]:
    """Take a tag away from those of the assets that are allowed and have it."""
    taken: set[UUID] = set()
    async for done in agreeing(host, owner_id, allowed, Wish(less=[tag_id])):
        taken |= _with(tag_id, done.before - done.after)
    answers: list[BulkIdResponseDto] = []
    for asset_id in asset_ids:
        if asset_id in taken:
            taken.remove(asset_id)
            answers.append(BulkIdResponseDto(id=asset_id, success=True))
        else:
            answers.append(_failed(asset_id, BulkIdErrorReason.NOT_FOUND))
    return answers


def _with(tag_id: UUID, pairs: Pairs) -> set[UUID]:
    return {asset_id for asset_id, each in pairs if each == tag_id}


def _failed(asset_id: UUID, error: BulkIdErrorReason, message: str = "") -> BulkIdResponseDto:
    return BulkIdResponseDto(id=asset_id, success=False, error=error, error_message=message or MISSING)
