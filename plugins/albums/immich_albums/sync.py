"""Albums on their way to the mobile app: members, assets, what is known of them.

Every member's copy holds the album, its members and its assets, whoever owns these. What is in an album comes in the
order in which it was put there (`album_asset.update_id`): an asset that changes later comes as an update. To whoever
is new in an album all that is older than what they have confirmed comes as a backfill, album by album in the order in
which they became a member (`album_user.create_id`).
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from immich_host.plugin_api.sync import SyncContext, SyncRows, SyncStream
from immich_host.plugin_api.sync_sql import ASSET, EXIF, json_object

_NOTHING: Final = UUID(int=0)
_COMPLETE: Final = "complete"
_EVERYTHING: Final = UUID(int=2**128 - 1)

_LATEST: Final = "SELECT create_id FROM album_user WHERE user_id = $1 ORDER BY create_id DESC LIMIT 1"
_MY_ALBUMS: Final = "JOIN album_user AS me ON me.user_id = $1 AND me.album_id ="
_OWN_FAVOURITE: Final[Mapping[str, str]] = {**ASSET, "isFavorite": "a.is_favorite AND a.owner_id = $1"}
"""To others nothing is a favourite; the owner gets their own assets again, and is to keep what they like."""

_ALBUM: Final[Mapping[str, str]] = {
    "id": "album.id",
    "name": "album.album_name",
    "description": "album.description",
    "createdAt": "immich_time(album.created_at)",
    "updatedAt": "immich_time(album.updated_at)",
    "thumbnailAssetId": "album.album_thumbnail_asset_id",
    "isActivityEnabled": "album.is_activity_enabled",
    "order": 'album."order"',
}
_WITH_OWNER: Final[Mapping[str, str]] = {**_ALBUM, "ownerId": "owner.user_id"}
_USER: Final[Mapping[str, str]] = {"albumId": "u.album_id", "userId": "u.user_id", "role": "u.role"}
_LINK: Final[Mapping[str, str]] = {"albumId": "link.album_id", "assetId": "link.asset_id"}


def _seen(type: str, key: str, fields: Mapping[str, str], source: str) -> SyncRows:
    """Rows by their key; `$2` is confirmed."""
    return SyncRows(
        type,
        f"""SELECT {key} AS ack, {json_object(fields)} AS data FROM {source}
            WHERE {key} > $2 ORDER BY {key}""",  # noqa: S608 - composed of constants
    )


def _albums(type: str, fields: Mapping[str, str]) -> tuple[SyncRows, ...]:
    owner = "JOIN album_user AS owner ON owner.album_id = album.id AND owner.role = 'owner'"
    return (
        _seen(
            "AlbumDeleteV1",
            "gone.id",
            {"albumId": "gone.album_id"},
            "(SELECT * FROM album_audit WHERE user_id = $1) AS gone",
        ),
        _seen(type, "album.update_id", fields, f"album {_MY_ALBUMS} album.id {owner}"),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows that hang on albums: what is deleted, what a new member lacks, what is new, what has changed.

    `me` is the user's membership in SQL, `$1` the user. With `each`, which ends before the id of an asset, the fields
    are read there and not from `source`.
    """

    new: str
    backfill: str
    fields: Mapping[str, str]
    source: str
    key: str
    gone: SyncRows | None = None
    update: str | None = None
    changed: str = ""
    each: str = ""

    @property
    def entities(self) -> tuple[str, ...]:
        """Types of its lines."""
        gone = (self.gone.type,) if self.gone else ()
        return (*gone, self.backfill, *((self.update,) if self.update else ()), self.new)

    async def run(self, context: SyncContext) -> AsyncGenerator[bytes]:
        """The lines of one answer.

        A client confirms the last line of each run of equal types, so no two lines without data follow each other.
        """
        told: set[str] = set()
        parts = [self._backfill(context), self._new(context, told)]
        if self.update is not None:
            parts.insert(0, self._updates(context, self.update, told))
        if self.gone is not None:
            parts.insert(0, context.rows(self.gone))
        for part in parts:
            async with aclosing(part) as lines:
                async for line in lines:
                    yield line

    async def _backfill(self, context: SyncContext) -> AsyncGenerator[bytes]:
        """What lies in albums that the user became a member of since, up to what comes as new."""
        rows = await context.fetch(_LATEST, context.user_id)
        if not rows:
            return
        last: UUID = rows[0]["create_id"]
        known = context.confirmed(self.new)
        position = self._position(context)
        if position >= (last, _EVERYTHING):
            return
        is_any = False
        if known is not None:  # otherwise everything comes as new
            async for line in context.lines(self.backfill, self._older, context.user_id, known, *position):
                is_any = True
                yield line
        if is_any:
            yield context.acknowledge(self.backfill, last, _COMPLETE)
        else:
            await context.confirm(self.backfill, last, _COMPLETE)

    @property
    def _older(self) -> str:
        where = f"{self.key} <= $2 AND (me.create_id, {self.key}) > ($3::uuid, $4::uuid)"
        return self._sorted(where, self.key, album="me.create_id")

    async def _updates(self, context: SyncContext, type: str, told: set[str]) -> AsyncGenerator[bytes]:
        """What has changed of what the user has got; with a line that says until when."""
        known = context.confirmed(self.new)
        if known is None:
            return
        got = f"{self.key} <= $2 AND (me.create_id, {self.key}) <= ($3::uuid, $4::uuid)"
        sql = self._sorted(f"{self.changed} > $5 AND {got}", self.changed)
        after = context.confirmed(type) or _NOTHING
        async for line in context.lines(type, sql, context.user_id, known, *self._position(context), after):
            told.add(type)
            yield line
        if told:
            yield context.acknowledge(type, context.until)

    async def _new(self, context: SyncContext, told: set[str]) -> AsyncGenerator[bytes]:
        """What was put into albums since, as it is now: its later changes are updates."""
        async for line in context.rows(SyncRows(self.new, self._sorted(f"{self.key} > $2", self.key))):
            if self.update is not None and self.update not in told:
                told.add(self.update)
                await context.confirm(self.update, context.until)
            yield line

    def _sorted(self, where: str, key: str, *, album: str | None = None) -> str:
        """Lines in the order of a key, or of the keys within each album.

        Only ids are sorted where the fields are read one by one: sorted with the text of all lines, what is known of
        the assets of large albums kept the first line waiting.
        """
        data = json_object(self.fields)
        if self.each:
            text, columns = f"(SELECT {data} {self.each} = sorted.asset_id)", "link.asset_id"
        else:
            text, columns = "data", f"{data} AS data"
        if album:
            ack, keys, order = "album || '|' || key", f"{album} AS album, {key} AS key", f"{album}, {key}"
        else:
            ack, keys, order = "key", f"{key} AS key", key
        return f"""
            SELECT {ack} AS ack, {text} AS data
            FROM (SELECT {keys}, {columns} FROM {self.source} WHERE {where} ORDER BY {order}) AS sorted"""  # noqa: S608 - composed of constants

    def _position(self, context: SyncContext) -> tuple[UUID, UUID]:
        """Up to which membership, and which key within that album, the user has got what is older."""
        extra = context.confirmed_extra(self.backfill)
        try:
            key = _EVERYTHING if extra == _COMPLETE else UUID(extra or "")
        except ValueError:
            key = _NOTHING
        return context.confirmed(self.backfill) or _NOTHING, key


_USERS = _Part(
    new="AlbumUserV1",
    backfill="AlbumUserBackfillV1",
    fields=_USER,
    source=f"album_user AS u {_MY_ALBUMS} u.album_id",
    key="u.update_id",
    gone=_seen(
        "AlbumUserDeleteV1",
        "gone.id",
        {"albumId": "gone.album_id", "userId": "gone.user_id"},
        f"album_user_audit AS gone {_MY_ALBUMS} gone.album_id",
    ),
)
_LINKS = _Part(
    new="AlbumToAssetV1",
    backfill="AlbumToAssetBackfillV1",
    fields=_LINK,
    source=f"album_asset AS link {_MY_ALBUMS} link.album_id",
    key="link.update_id",
    gone=_seen(
        "AlbumToAssetDeleteV1",
        "gone.id",
        {"albumId": "gone.album_id", "assetId": "gone.asset_id"},
        f"album_asset_audit AS gone {_MY_ALBUMS} gone.album_id",
    ),
)
_ASSETS = _Part(
    new="AlbumAssetCreateV2",
    backfill="AlbumAssetBackfillV2",
    update="AlbumAssetUpdateV2",
    fields=_OWN_FAVOURITE,
    source=f"album_asset AS link {_MY_ALBUMS} link.album_id JOIN asset AS a ON a.id = link.asset_id",
    key="link.update_id",
    changed="a.update_id",
    each="FROM asset AS a WHERE a.id",
)
_EXIFS = _Part(
    new="AlbumAssetExifCreateV1",
    backfill="AlbumAssetExifBackfillV1",
    update="AlbumAssetExifUpdateV1",
    fields=EXIF,
    source=f"album_asset AS link {_MY_ALBUMS} link.album_id JOIN asset_exif AS e ON e.asset_id = link.asset_id",
    key="link.update_id",
    changed="e.update_id",
    each="FROM asset_exif AS e WHERE e.asset_id",
)

STREAMS: Final = (
    SyncStream("AlbumsV1", rows=_albums("AlbumV1", _WITH_OWNER)),
    SyncStream("AlbumsV2", rows=_albums("AlbumV2", _ALBUM)),
    SyncStream("AlbumUsersV1", run=_USERS.run, entities=_USERS.entities),
    SyncStream("AlbumToAssetsV1", run=_LINKS.run, entities=_LINKS.entities),
    SyncStream("AlbumAssetsV2", run=_ASSETS.run, entities=_ASSETS.entities),
    SyncStream("AlbumAssetExifsV1", run=_EXIFS.run, entities=_EXIFS.entities),
)
