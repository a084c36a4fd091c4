"""Every statement of this plugin."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID, uuid4

from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.database import Database
from immich_search.dto import SearchSuggestionType
from immich_search.families import PLACES, SUGGESTED
from immich_search.ordering import Ordering, Position

MANY = 20_000
"""Whoever has more assets is not asked for all of them: an index says which families there are."""

_EXIF = " LEFT JOIN asset_exif AS exif ON exif.asset_id = asset.id"
_EXIF_OF_EACH = " JOIN asset_exif AS exif ON exif.asset_id = asset.id"
"""Every asset has its row; a plain join lets the database begin with `exif`."""


def _from(found: Conditions) -> str:
    return f"FROM asset{_EXIF if found.needs_exif else ''}"


async def page(
    db: Database, found: Conditions, ordering: Ordering, *, size: int, after: Position | None = None, skip: int = 0
) -> list[tuple[UUID, Position]]:
    """Assets in order, each with its position.

    Args:
        db: The database.
        found: Which; more is added to it.
        ordering: How they are sorted.
        size: How many, at most.
        after: Where it begins.
        skip: How many are passed over first.
    """
    if after is not None:
        ordering.begin_after(found, after)
    join = _EXIF_OF_EACH if ordering.needs_exif else _EXIF if found.needs_exif else ""
    limit = f"LIMIT {found.argument(size)}" + (f" OFFSET {found.argument(skip)}" if skip else "")
    keys = ", ".join(key.sql for key in ordering.keys)
    rows = await db.fetch(
        f"SELECT {keys} FROM asset{join} WHERE {found.where} ORDER BY {ordering.sql} {limit}", *found.args
    )
    return [(row[-1], tuple(row)) for row in rows]


async def any_of(db: Database, found: Conditions, size: int) -> list[UUID]:
    """Assets from a random place on, by their ids, which are random themselves: no sorting of all of them."""
    pivot, limit = found.argument(uuid4()), found.argument(size)
    part = f"SELECT asset.id {_from(found)} WHERE {found.where} AND asset.id"
    rows = await db.fetch(
        f"({part} >= {pivot} ORDER BY asset.id LIMIT {limit}) UNION ALL "
        f"({part} < {pivot} ORDER BY asset.id LIMIT {limit}) LIMIT {limit}",
        *found.args,
    )
    return [row["id"] for row in rows]


async def count(db: Database, found: Conditions) -> int:
    """How many."""
    return await db.fetchval(f"SELECT count(*) {_from(found)} WHERE {found.where}", *found.args)


async def latest_uploads(db: Database, found: Conditions, amount: int) -> list[tuple[datetime, UUID]]:
    """When and what, the latest first."""
    limit = found.argument(amount)
    sql = (
        f"SELECT asset.created_at, asset.id FROM asset WHERE {found.where} ORDER BY asset.created_at DESC LIMIT {limit}"
    )
    rows = await db.fetch(sql, *found.args)
    return [(row["created_at"], row["id"]) for row in rows]


async def top_cities(db: Database, found: Conditions, amount: int, *, of_latest: int) -> list[tuple[str, UUID]]:
    """Cities with the most of the latest photos, each with the latest of them."""
    rows = await db.fetch(
        f"""SELECT city, (array_agg(id ORDER BY file_created_at DESC))[1] AS id FROM (
              SELECT exif.city, asset.id, asset.file_created_at
              FROM asset{_EXIF} WHERE {found.where}
              ORDER BY asset.file_created_at DESC, asset.id DESC LIMIT {found.argument(of_latest)}) AS latest
            WHERE city <> '' GROUP BY city ORDER BY count(*) DESC, city LIMIT {found.argument(amount)}""",
        *found.args,
    )
    return [(row["city"], row["id"]) for row in rows]


# --- values that come together ---------------------------------------------------------------------


async def suggestions(
    db: Database, found: Conditions, kind: SearchSuggestionType, given: Mapping[str, str], *, with_null: bool
) -> list[str | None]:
    """The different values of a column, sorted; None (first) where some have none and it is wanted.

    Args:
        db: The database.
        found: Among which assets.
        kind: Of what.
        given: Column -> value that assets have; what is of the other family, or the column itself, does not count.
        with_null: Whether None is wanted.
    """
    columns, wanted = SUGGESTED[kind]
    families = await _families(db, found, columns)
    parts = ["true" if with_null else f"{wanted} <> ''"]
    parts += [
        f"{name} = {found.argument(value)}" for name, value in given.items() if name in columns and name != wanted
    ]
    rows = await db.fetch(
        f"{families} SELECT DISTINCT nullif({wanted}, '') AS value FROM family WHERE {' AND '.join(parts)} "
        "ORDER BY value NULLS FIRST",
        *found.args,
    )
    return [row["value"] for row in rows]


async def cities(db: Database, found: Conditions) -> list[UUID]:
    """An asset of each city, by the names of cities."""
    families = await _families(db, found, PLACES)
    rows = await db.fetch(
        f"{families} SELECT DISTINCT ON (city) id FROM family WHERE city <> '' ORDER BY city, country, state",
        *found.args,
    )
    return [row["id"] for row in rows]


async def _families(db: Database, found: Conditions, columns: Collection[str]) -> str:
    """WITH `family`: each combination of the columns (empty for null) that some asset has, and one such asset."""
    keys = ", ".join(f"coalesce(exif.{name}, '')" for name in columns)
    named = ", ".join(f"coalesce(exif.{name}, '') AS {name}" for name in columns)
    source = f"FROM asset_exif AS exif JOIN asset ON asset.id = exif.asset_id WHERE {found.where}"
    if not await _are_many(db, found):
        return f"""WITH family AS (SELECT DISTINCT ON ({keys}) {named}, asset.id {source}
          ORDER BY {keys}, asset.file_created_at DESC)"""
    first = f"SELECT {named}, asset.id {source}"
    last = ", ".join(f"family.{name}" for name in columns)
    return f"""WITH RECURSIVE family AS (({first} ORDER BY {keys} LIMIT 1)
      UNION ALL SELECT following.* FROM family CROSS JOIN LATERAL (
        {first} AND ({keys}) > ({last}) ORDER BY {keys} LIMIT 1) AS following)"""


async def _are_many(db: Database, found: Conditions) -> bool:
    sql = f"SELECT count(*) > {MANY} FROM (SELECT FROM asset WHERE {found.where} LIMIT {MANY + 1}) AS first"
    return await db.fetchval(sql, *found.args)
