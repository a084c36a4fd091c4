"""The app's own copy of a library: a database whose foreign keys are enforced, to which lines of the stream go.

A row is kept as the line had it, beside its key and what it hangs on. What hangs on a row goes with it.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Table(NamedTuple):
    """A table: its key, what each of its columns refers to, and those that are emptied instead of going with it."""

    key: tuple[str, ...]
    refers: Mapping[str, str] = {}
    set_null: tuple[str, ...] = ()


TABLES: Mapping[str, Table] = {
    "auth_user": Table(("id",)),
    "user": Table(("id",)),
    "user_metadata": Table(("userId", "key"), {"userId": "user"}),
    "partner": Table(("sharedById", "sharedWithId"), {"sharedById": "user", "sharedWithId": "user"}),
    "asset": Table(("id",), {"ownerId": "user"}),
    "exif": Table(("assetId",), {"assetId": "asset"}),
    "edit": Table(("id",), {"assetId": "asset"}),
    "asset_metadata": Table(("assetId", "key"), {"assetId": "asset"}),
    "ocr": Table(("id",), {"assetId": "asset"}),
    "stack": Table(("id",), {"ownerId": "user"}),
    "album": Table(("id",), {"thumbnailAssetId": "asset"}, ("thumbnailAssetId",)),
    "album_user": Table(("albumId", "userId"), {"albumId": "album", "userId": "user"}),
    "album_asset": Table(("albumId", "assetId"), {"albumId": "album", "assetId": "asset"}),
    "memory": Table(("id",), {"ownerId": "user"}),
    "memory_asset": Table(("memoryId", "assetId"), {"memoryId": "memory", "assetId": "asset"}),
    "person": Table(("id",), {"ownerId": "user"}),
    "face": Table(("id",), {"assetId": "asset", "personId": "person"}, ("personId",)),
}

_ROWS: Mapping[str, tuple[str, ...]] = {
    "auth_user AuthUserV1": ("AuthUserV1",),
    "user UserV1": ("UserV1",),
    "user_metadata UserMetadataV1": ("UserMetadataV1",),
    "partner PartnerV1": ("PartnerV1",),
    "asset AssetV2": (
        *("AssetV2", "PartnerAssetV2", "PartnerAssetBackfillV2"),
        *("AlbumAssetCreateV2", "AlbumAssetUpdateV2", "AlbumAssetBackfillV2"),
    ),
    "exif AssetExifV1": (
        *("AssetExifV1", "PartnerAssetExifV1", "PartnerAssetExifBackfillV1"),
        *("AlbumAssetExifCreateV1", "AlbumAssetExifUpdateV1", "AlbumAssetExifBackfillV1"),
    ),
    "edit AssetEditV1": ("AssetEditV1",),
    "asset_metadata AssetMetadataV1": ("AssetMetadataV1",),
    "ocr AssetOcrV1": ("AssetOcrV1",),
    "stack StackV1": ("StackV1", "PartnerStackV1", "PartnerStackBackfillV1"),
    "album AlbumV2": ("AlbumV2",),
    "album AlbumV1": ("AlbumV1",),
    "album_user AlbumUserV1": ("AlbumUserV1", "AlbumUserBackfillV1"),
    "album_asset AlbumToAssetV1": ("AlbumToAssetV1", "AlbumToAssetBackfillV1"),
    "memory MemoryV1": ("MemoryV1",),
    "memory_asset MemoryAssetV1": ("MemoryToAssetV1",),
    "person PersonV1": ("PersonV1",),
    "face AssetFaceV2": ("AssetFaceV2",),
}
_GONE: Mapping[str, tuple[str, ...]] = {
    "user UserDeleteV1": ("UserDeleteV1",),
    "user_metadata UserMetadataDeleteV1": ("UserMetadataDeleteV1",),
    "partner PartnerDeleteV1": ("PartnerDeleteV1",),
    "asset AssetDeleteV1": ("AssetDeleteV1", "PartnerAssetDeleteV1"),
    "edit AssetEditDeleteV1": ("AssetEditDeleteV1",),
    "asset_metadata AssetMetadataDeleteV1": ("AssetMetadataDeleteV1",),
    "ocr AssetOcrDeleteV1": ("AssetOcrDeleteV1",),
    "stack StackDeleteV1": ("StackDeleteV1", "PartnerStackDeleteV1"),
    "album AlbumDeleteV1": ("AlbumDeleteV1",),
    "album_user AlbumUserDeleteV1": ("AlbumUserDeleteV1",),
    "album_asset AlbumToAssetDeleteV1": ("AlbumToAssetDeleteV1",),
    "memory MemoryDeleteV1": ("MemoryDeleteV1",),
    "memory_asset MemoryAssetDeleteV1": ("MemoryToAssetDeleteV1",),
    "person PersonDeleteV1": ("PersonDeleteV1",),
    "face AssetFaceDeleteV1": ("AssetFaceDeleteV1",),
}


def _by_type(kinds: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, str]]:
    """Type of line -> table, schema."""
    return {
        kind: (table, f"Sync{schema}")
        for table, _, schema in (each.partition(" ") for each in kinds)
        for kind in kinds[f"{table} {schema}"]
    }


ROWS, GONE = _by_type(_ROWS), _by_type(_GONE)
CONTROL = {"SyncAckV1": "SyncAckV1", "SyncResetV1": "SyncResetV1", "SyncCompleteV1": "SyncCompleteV1"}
SCHEMAS = {kind: schema for kinds in (ROWS, GONE) for kind, (_, schema) in kinds.items()} | CONTROL
"""Type of line -> schema of its data."""

_OF_KNOWN_ROWS = {"AlbumAssetUpdateV2", "AlbumAssetExifUpdateV1"}


@dataclass
class Copy:
    """The copy; `ignored` has the types of lines that it does not know."""

    ignored: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.execute("PRAGMA foreign_keys = ON")
        for name, table in TABLES.items():
            self._db.execute(_create(name, table))

    def apply(self, kind: str, lines: Iterable[Mapping[str, Any]]) -> None:
        """Take the data of lines of one type over, all or none.

        Raises:
            AssertionError: A line hangs on a row that is not there, or changes one that was never sent.
        """
        with self._db:
            self._db.execute("BEGIN")
            for data in lines:
                try:
                    self._take(kind, data)
                except sqlite3.IntegrityError as error:
                    raise AssertionError(f"{kind} came before what it hangs on ({error}): {data}") from None

    def _take(self, kind: str, data: Mapping[str, Any]) -> None:
        if kind in ROWS:
            table = ROWS[kind][0]
            known = kind not in _OF_KNOWN_ROWS or self.find(table, *(data[name] for name in TABLES[table].key))
            assert known, f"{kind} of a row that was never sent: {data}"
            self._put(table, data)
        elif kind in GONE:
            self._remove(GONE[kind][0], data)
        elif kind == "SyncCompleteV1":
            self._prune()
        elif kind not in CONTROL:
            self.ignored.append(kind)

    def _put(self, name: str, data: Mapping[str, Any]) -> None:
        table = TABLES[name]
        columns = [*dict.fromkeys((*table.key, *table.refers)), "data"]
        values = [*(data[column] for column in columns[:-1]), json.dumps(data)]
        changes = ", ".join(f'"{column}" = excluded."{column}"' for column in columns)
        self._db.execute(
            f"""INSERT INTO "{name}" ({", ".join(f'"{column}"' for column in columns)})
                VALUES ({", ".join("?" * len(columns))})
                ON CONFLICT ({", ".join(f'"{column}"' for column in table.key)}) DO UPDATE SET {changes}""",
            values,
        )

    def _remove(self, name: str, data: Mapping[str, Any]) -> None:
        key = TABLES[name].key
        # a sole id is told by the name of what it is the id of; of text in pictures there is more than the id
        values = list(data.values()) if key == ("id",) and len(data) == 1 else [data[column] for column in key]
        where = " AND ".join(f'"{column}" = ?' for column in key)
        self._db.execute(f'DELETE FROM "{name}" WHERE {where}', values)

    def _prune(self) -> None:
        """Let go of what nobody shows any more: assets of others who are no partners, that are in no album."""
        self._db.execute("""
            DELETE FROM asset WHERE "ownerId" NOT IN (SELECT id FROM auth_user)
              AND "ownerId" NOT IN (
                SELECT "sharedById" FROM partner WHERE "sharedWithId" IN (SELECT id FROM auth_user))
              AND id NOT IN (SELECT "assetId" FROM album_asset)""")

    def forget(self) -> None:
        """Delete everything."""
        with self._db:
            self._db.execute("BEGIN")
            for name in reversed(TABLES):
                self._db.execute(f'DELETE FROM "{name}"')

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows of a table, as their lines had them."""
        return [json.loads(data) for (data,) in self._db.execute(f'SELECT data FROM "{name}" ORDER BY rowid')]

    def find(self, name: str, *key: str) -> dict[str, Any] | None:
        """One row by its key."""
        where = " AND ".join(f'"{column}" = ?' for column in TABLES[name].key)
        row = self._db.execute(f'SELECT data FROM "{name}" WHERE {where}', key).fetchone()
        return None if row is None else json.loads(row[0])

    def count(self) -> dict[str, int]:
        """How many rows each table has, but for empty ones."""
        counted = {name: self._db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in TABLES}
        return {name: amount for name, amount in counted.items() if amount}

    def close(self) -> None:
        """Close the database."""
        self._db.close()


def _create(name: str, table: Table) -> str:
    columns = [f'"{column}" TEXT' for column in dict.fromkeys((*table.key, *table.refers))]
    keys = [f"PRIMARY KEY ({', '.join(f'"{column}"' for column in table.key)})"]
    for column, other in table.refers.items():
        then = "SET NULL" if column in table.set_null else "CASCADE"
        keys.append(f'FOREIGN KEY ("{column}") REFERENCES "{other}" (id) ON DELETE {then}')
    return f'CREATE TABLE "{name}" ({", ".join([*columns, "data TEXT NOT NULL", *keys])})'
