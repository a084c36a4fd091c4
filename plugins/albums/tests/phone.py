"""The mobile app as far as albums are concerned: its copy of a library, brought up to date by the sync stream."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any
from uuid import UUID

from immich_host.testing.host import expect
from tests.clients.phone_copy import SCHEMAS, TABLES, Copy
from tests.clients.phone_schemas import faults

ASKED = (
    "AuthUsersV1", "UsersV1", "AssetsV2", "AssetExifsV1", "AlbumsV2", "AlbumUsersV1", "AlbumToAssetsV1",
    "AlbumAssetsV2", "AlbumAssetExifsV1",
)  # fmt: skip

_USUAL = frozenset({"AuthUserV1", "UserV1", "SyncAckV1", "SyncCompleteV1"})

type Line = dict[str, Any]


class Phone:
    """One session and its copy."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.copy = Copy()

    def close(self) -> None:
        """Let go of the copy."""
        self.copy.close()

    async def sync(self, *, first: int | None = None, asked: Sequence[str] = ASKED) -> list[str]:
        """Ask for what is new, take it over and confirm the last line of each run; the types of these runs.

        Accounts come again with each upload, and are not told of. With `first` the connection breaks after so many
        lines.
        """
        answer = await self.user.client.post("/api/sync/stream", json={"types": list(asked)})
        assert answer.status_code == 200, answer.text
        lines = [json.loads(line) for line in answer.content.splitlines()]
        kinds = [line["type"] for line in lines]
        assert kinds[-1] == "SyncCompleteV1"
        assert ("SyncAckV1", "SyncAckV1") not in pairwise(kinds), "the first of them is never confirmed"
        for line in lines[:first]:
            assert faults(SCHEMAS[line["type"]], line["data"]) == []
            self.copy.apply(line["type"], [line["data"]])
        last = _last_of_runs(lines[:first])
        expect(await self.user.client.post("/api/sync/ack", json={"acks": [line["ack"] for line in last]}), 204)
        return [line["type"] for line in last if line["type"] not in _USUAL]

    def held(self, table: str) -> dict[tuple[str, ...], Line]:
        """Key -> row of a table."""
        return {_key(table, row): row for row in self.copy.rows(table)}

    async def check(self) -> None:
        """Compare all tables with what the server has for this user."""
        for table, sql in _TRUTH.items():
            rows = await self.user.house.kernel.db.fetch(sql, self.user.id)
            truth = {_key(table, row): row for row in map(_wired, rows)}
            mine = {key: {name: row[name] for name in truth.get(key, row)} for key, row in self.held(table).items()}
            assert mine == truth, table


def _key(table: str, row: Line) -> tuple[str, ...]:
    return tuple(row[name] for name in TABLES[table].key)


def _wired(row: Any) -> Line:
    return {name: str(value) if isinstance(value, UUID) else value for name, value in row.items()}


def _last_of_runs(lines: Sequence[Line]) -> list[Line]:
    ends = zip(lines, [*lines[1:], None], strict=False)
    return [line for line, after in ends if after is None or line["type"] != after["type"]]


_MINE = """owner_id = $1 OR EXISTS (
  SELECT FROM album_asset JOIN album_user USING (album_id) WHERE asset_id = asset.id AND user_id = $1)"""

_TRUTH = {
    "asset": f"""
        SELECT id, owner_id AS "ownerId", is_favorite AND owner_id = $1 AS "isFavorite", visibility,
          original_file_name AS "originalFileName", immich_time(deleted_at) AS "deletedAt"
        FROM asset WHERE {_MINE}""",
    "exif": f"""
        SELECT asset_id AS "assetId", description FROM asset_exif JOIN asset ON asset.id = asset_id WHERE {_MINE}""",
    "album": """
        SELECT id, album_name AS name, description, album_thumbnail_asset_id AS "thumbnailAssetId",
          is_activity_enabled AS "isActivityEnabled", "order", immich_time(updated_at) AS "updatedAt"
        FROM album WHERE EXISTS (SELECT FROM album_user WHERE album_id = album.id AND user_id = $1)""",
    "album_user": """
        SELECT album_id AS "albumId", user_id AS "userId", role FROM album_user
        WHERE EXISTS (SELECT FROM album_user AS me WHERE me.album_id = album_user.album_id AND me.user_id = $1)""",
    "album_asset": """
        SELECT album_id AS "albumId", asset_id AS "assetId" FROM album_asset
        WHERE EXISTS (SELECT FROM album_user AS me WHERE me.album_id = album_asset.album_id AND me.user_id = $1)""",
}
