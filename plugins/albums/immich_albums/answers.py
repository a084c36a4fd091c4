"""Albums as clients see them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from pydantic import MISSING

from immich_albums import store
from immich_albums.rights import OWNER, refusal, require_album
from immich_host.plugin_api import Caller, Host, Permission
from immich_host.plugin_api.answers import (
    AlbumResponseDto,
    AlbumUserResponseDto,
    AlbumUserRole,
    AssetOrder,
    ContributorCountResponseDto,
)
from immich_host.plugin_api.database import Row


async def linked(host: Host, album_ids: Collection[UUID]) -> set[UUID]:
    """Those of the albums that there is a shared link to."""
    if not album_ids:
        return set()
    given = await host.gather("albums_linked", album_ids=list(album_ids))
    return {album_id for album_id, is_so in cast("Mapping[UUID, bool]", given).items() if is_so}


async def album_answers(host: Host, caller: Caller, ids: Sequence[UUID]) -> list[AlbumResponseDto]:
    """Albums as clients see them, in the order of `ids`; unknown ones are left out.

    Rights are for you to check before (`allowed_albums`). Callers by shared link see no member but the owner. The
    number of statements does not depend on how many albums these are.
    """
    rows = await store.described(host.db, ids)
    if not rows:
        return []
    members = await _members(host, caller, list(rows))
    with_link = await linked(host, rows)
    return [_answer(rows[each], members.get(each, []), is_linked=each in with_link) for each in ids if each in rows]


async def album_answer(host: Host, caller: Caller, album_id: UUID) -> AlbumResponseDto:
    """One album, and where it is shared with others, how many assets are whose.

    Raises:
        Refused: 400 - the caller may not read it, or it is gone.
    """
    await require_album(host, caller, Permission.ALBUM_READ, album_id)
    answers = await album_answers(host, caller, [album_id])
    if not answers:  # deleted just now
        raise refusal(Permission.ALBUM_READ)
    [answer] = answers
    if len(answer.album_users) > 1:
        answer.contributor_counts = [
            ContributorCountResponseDto(user_id=row["user_id"], asset_count=row["asset_count"])
            for row in await store.contributors(host.db, album_id)
        ]
    return answer


async def _members(host: Host, caller: Caller, album_ids: Sequence[UUID]) -> dict[UUID, list[AlbumUserResponseDto]]:
    rows = await store.members(host.db, album_ids)
    if caller.shared_link is not None:
        rows = [row for row in rows if row["role"] == OWNER]
    users = {user.id: user for user in await host.users.answers(sorted({row["user_id"] for row in rows}))}
    members: dict[UUID, list[AlbumUserResponseDto]] = {}
    for row in rows:
        if row["user_id"] in users:
            member = AlbumUserResponseDto(role=AlbumUserRole(row["role"]), user=users[row["user_id"]])
            members.setdefault(row["album_id"], []).append(member)
    return members


def _answer(row: Row, members: list[AlbumUserResponseDto], *, is_linked: bool) -> AlbumResponseDto:
    return AlbumResponseDto(
        id=row["id"],
        album_name=row["album_name"],
        description=row["description"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        album_thumbnail_asset_id=row["album_thumbnail_asset_id"],
        album_users=members,
        asset_count=row["asset_count"],
        has_shared_link=is_linked,
        is_activity_enabled=row["is_activity_enabled"],
        order=AssetOrder(row["order"]),
        shared=is_linked or len(members) > 1,
        **_dates(row),
    )


def _dates(row: Row) -> Mapping[str, Any]:
    if not row["asset_count"]:
        return {"start_date": MISSING, "end_date": MISSING, "last_modified_asset_timestamp": MISSING}
    return {
        "start_date": row["start_date"],
        "end_date": row["end_date"],
        "last_modified_asset_timestamp": row["last_modified"],
    }
