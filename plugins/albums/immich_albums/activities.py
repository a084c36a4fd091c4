"""Likes and comments of an album's members."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import MISSING

from immich_albums import activity_store, content_store
from immich_albums.dto import ActivityCreateDto, ActivityResponseDto, GetActivitiesQuery, ReactionLevel, ReactionType
from immich_albums.rights import refusal, require_album
from immich_host.plugin_api import Caller, Host, Permission, Refused
from immich_host.plugin_api.answers import UserResponseDto
from immich_host.plugin_api.database import Row


async def find(host: Host, caller: Caller, query: GetActivitiesQuery) -> str:
    """What was said, the oldest first: a JSON list of `ActivityResponseDto`.

    Raises:
        Refused: 400 - the caller is no member.
    """
    await require_album(host, caller, Permission.ALBUM_READ, query.album_id)
    rows = await activity_store.found(
        host.db,
        query.album_id,
        None if query.level is ReactionLevel.ALBUM else query.asset_id,
        about_assets=None if query.level is None else query.level is ReactionLevel.ASSET,
        likes=None if query.type is None else query.type is ReactionType.LIKE,
        user_id=query.user_id,
    )
    users = {user_id: user.model_dump_json(by_alias=True) for user_id, user in (await _users(host, rows)).items()}
    said = (f'{row["data"][:-1]},"user":{users[row["user_id"]]}}}' for row in rows if row["user_id"] in users)
    return f"[{','.join(said)}]"


async def create(host: Host, caller: Caller, body: ActivityCreateDto) -> tuple[ActivityResponseDto, bool]:
    """Like or comment: what stands there now, and whether it is new; a second like is the first.

    Raises:
        Refused: 400 - the caller is no member, the album does not want it, the asset is not in it, or a comment
            without text.
    """
    asset_id = None if body.asset_id is MISSING else body.asset_id
    text = "" if body.comment is MISSING else body.comment
    is_comment = body.type is ReactionType.COMMENT
    if is_comment and not text.strip():
        issue: dict[str, object] = {"code": "custom", "path": ["comment"], "message": "A comment needs a text"}
        raise Refused(400, "Validation failed", [issue])
    async with host.db.transaction():
        is_in_it = asset_id is None or await content_store.hold_in_album(host.db, body.album_id, asset_id)
        is_open = await activity_store.is_open(host.db, body.album_id)
        await require_album(host, caller, Permission.ACTIVITY_CREATE, body.album_id)
        if not is_open:
            raise refusal(Permission.ACTIVITY_CREATE)
        if not is_in_it:
            raise Refused(400, "The asset is not in the album")
        if is_comment:
            row = await activity_store.comment(host.db, body.album_id, caller.user_id, asset_id, text)
            is_new = True
        else:
            row, is_new = await activity_store.like(host.db, body.album_id, caller.user_id, asset_id)
        if row is None:  # whoever liked it before has just taken that back
            raise Refused(400, "Try again")
    users = await _users(host, [row])
    return _answer(row, users[row["user_id"]]), is_new


async def delete(host: Host, caller: Caller, activity_id: UUID) -> None:
    """Remove one's own, or any in an album that one owns.

    Raises:
        Refused: 400 - neither.
    """
    if not await activity_store.delete(host.db, activity_id, caller.user_id):
        raise refusal(Permission.ACTIVITY_DELETE)


async def _users(host: Host, rows: Sequence[Row]) -> Mapping[UUID, UserResponseDto]:
    return {user.id: user for user in await host.users.answers(sorted({row["user_id"] for row in rows}))}


def _answer(row: Row, user: UserResponseDto) -> ActivityResponseDto:
    return ActivityResponseDto(
        id=row["id"],
        asset_id=row["asset_id"],
        comment=row["comment"],
        created_at=row["created_at"],
        type=ReactionType.LIKE if row["is_liked"] else ReactionType.COMMENT,
        user=user,
    )
