"""One change to many assets in few statements; the rows are locked in the order of their ids."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from immich_host.assets import columns as known
from immich_host.db.database import Database

type Told = list[tuple[UUID, UUID, set[str]]]
"""Asset, owner, and which columns changed."""


async def change_many(db: Database, ids: Sequence[UUID], columns: dict[str, Any], exif: dict[str, Any]) -> Told:
    """Set columns of `asset` and of `asset_exif` and lock the latter, inside the caller's transaction.

    Returns:
        What is to be told of each asset: also columns that are locked for the first time.

    Raises:
        UnknownColumn: For a column that is not for others to write.
    """
    known.check(columns, known.ASSET)
    known.check(exif, frozenset(known.LOCKS))
    rows = await db.fetch(_asset_statement(columns), ids, *columns.values())
    told = {row["id"]: (row["owner_id"], set(row["changed"])) for row in rows}
    if exif:
        await db.execute(
            "INSERT INTO asset_exif (asset_id) SELECT id FROM asset WHERE id = ANY($1::uuid[]) ON CONFLICT DO NOTHING",
            ids,
        )
        for row in await db.fetch(_exif_statement(exif), ids, *exif.values(), [known.LOCKS[name] for name in exif]):
            told[row["id"]][1].update(row["changed"])
    return [(asset_id, owner, changed) for asset_id, (owner, changed) in told.items() if changed]


def _asset_statement(columns: dict[str, Any]) -> str:
    changed = [f"CASE WHEN {name} IS DISTINCT FROM ${n} THEN '{name}' END" for n, name in enumerate(columns, 2)]
    return _statement("asset", "id", "owner_id", changed, _assignments(columns))


def _exif_statement(exif: dict[str, Any]) -> str:
    changed = [
        f"CASE WHEN {name} IS DISTINCT FROM ${n} OR '{known.LOCKS[name]}' <> ALL (locked_properties) THEN '{name}' END"
        for n, name in enumerate(exif, 2)
    ]
    both = f"unnest(locked_properties || ${len(exif) + 2}::text[])"
    locks = f"locked_properties = ARRAY(SELECT DISTINCT name FROM {both} AS name ORDER BY name)"  # noqa: S608 - a number
    return _statement("asset_exif", "asset_id", "asset_id", changed, [*_assignments(exif), locks])


def _assignments(columns: Iterable[str]) -> list[str]:
    return [f"{name} = ${n}" for n, name in enumerate(columns, 2)]


def _statement(table: str, key: str, owner: str, changed: Sequence[str], assignments: Sequence[str]) -> str:
    before = f"""
SELECT {key} AS id, {owner} AS owner_id, array_remove(ARRAY[{", ".join(changed)}]::text[], NULL) AS changed
FROM {table} WHERE {key} = ANY($1::uuid[]) ORDER BY {key} FOR NO KEY UPDATE
"""  # noqa: S608 - names are checked
    if not assignments:
        return before
    return f"""
WITH old AS MATERIALIZED ({before}), written AS (
  UPDATE {table} SET {", ".join(assignments)} FROM old WHERE {table}.{key} = old.id AND cardinality(old.changed) > 0
)
SELECT id, owner_id, changed FROM old
"""  # noqa: S608 - names are checked
