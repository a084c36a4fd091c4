"""Finding what an asset is a duplicate of: near by its feature, then the same by its details."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from immich_duplicates import fingerprints, store
from immich_duplicates.settings import DuplicateDetection
from immich_duplicates.store import Looked, Near
from immich_host.plugin_api import JobContext

_FRAMES_IN_COMMON = 3
_MILLISECONDS_APART = 500
_PART_APART = 0.01
_VIDEO_FACTOR = 2
"""By what the limit is larger for videos: they are stored at far lower quality, and few are equally long."""


async def matches_of(ctx: JobContext, asset: Looked) -> list[Near]:
    """Those of the owner's assets that show the same as this one, whose fingerprint is kept already."""
    host = ctx.host
    within = host.settings(DuplicateDetection).max_distance
    if asset.type == "IMAGE":
        near = await store.near_photos(host.db, asset, fingerprints.recipe(host), within=within)
    else:
        duration = await store.duration_of(host.db, asset.id)
        apart = max(_MILLISECONDS_APART, round((duration or 0) * _PART_APART))
        near = await store.near_videos(
            host.db, asset, within=within * _VIDEO_FACTOR, frames=_FRAMES_IN_COMMON, milliseconds=apart
        )
    if not near:
        return []
    details = await store.details(host.db, [asset.id, *(each.asset_id for each in near)])
    return await ctx.in_thread(_same, ctx, details.get(asset.id, {}), details, near)


def _same(
    ctx: JobContext, own: Mapping[int, bytes], details: Mapping[UUID, Mapping[int, bytes]], near: Sequence[Near]
) -> list[Near]:
    """Those whose pictures are the same ones, all of them. Blocking; ends early when nobody wants it any more."""
    found: list[Near] = []
    for each in near:
        if ctx.cancelled:
            break
        if is_same(own, details.get(each.asset_id, {})):
            found.append(each)
    return found


def is_same(own: Mapping[int, bytes], other: Mapping[int, bytes]) -> bool:
    """Whether the frames that both have agree; of more than three, one may be a moment off."""
    from immich_duplicates.comparing import AGREEMENT, agreement

    misses = 0
    common = sorted(own.keys() & other.keys())
    may_miss = 1 if len(common) > _FRAMES_IN_COMMON else 0
    for number in common:
        misses += agreement(own[number], other[number]) < AGREEMENT
        if misses > may_miss:
            return False
    return bool(common)
