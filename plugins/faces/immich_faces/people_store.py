"""Every statement about people."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

_COLUMNS = "id, name, birth_date, is_hidden, is_favorite, color, thumbnail_path, updated_at"

# People who have a face that shows in their owner's timeline; unnamed ones with too few faces are left out.
_LISTED = """
WITH listed AS (
  SELECT person.*, seen.amount
  FROM (
    SELECT face.person_id, count(DISTINCT face.asset_id) AS amount
    FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
    WHERE asset.owner_id = $1 AND asset.deleted_at IS NULL AND asset.visibility = 'timeline'
      AND face.person_id IS NOT NULL AND face.deleted_at IS NULL AND face.is_visible
    GROUP BY face.person_id
  ) AS seen
  JOIN person ON person.id = seen.person_id
  WHERE person.owner_id = $1 AND (person.name <> '' OR seen.amount >= $2)
)
"""

_PAGE = f"""
{_LISTED}
SELECT counted.total, counted.hidden, page.*
FROM (SELECT count(*) AS total, count(*) FILTER (WHERE is_hidden) AS hidden FROM listed) AS counted
LEFT JOIN LATERAL (
  SELECT listed.id, listed.name, listed.birth_date, listed.is_hidden, listed.is_favorite, listed.color,
    listed.thumbnail_path, listed.updated_at
  FROM listed
  LEFT JOIN face_search AS near ON near.face_id = $6
  LEFT JOIN face_search AS own ON own.face_id = listed.face_asset_id AND own.model = near.model
  WHERE $3 OR NOT listed.is_hidden
  ORDER BY listed.is_hidden,
    CASE WHEN vector_dims(own.embedding) = vector_dims(near.embedding) THEN own.embedding <=> near.embedding END
      NULLS LAST,
    listed.is_favorite DESC, listed.name = '', listed.amount DESC, sort_key(listed.name), listed.created_at, listed.id
  LIMIT $4 OFFSET $5
) AS page ON true
"""  # noqa: S608 - composed of constants

# $2 is a JSON list of {"id": ..., column: value, ...}; a column that is absent stays.
_UPDATE = f"""
UPDATE person SET
  name = CASE WHEN wanted ? 'name' THEN wanted ->> 'name' ELSE name END,
  birth_date = CASE WHEN wanted ? 'birth_date' THEN (wanted ->> 'birth_date')::date ELSE birth_date END,
  is_hidden = CASE WHEN wanted ? 'is_hidden' THEN (wanted ->> 'is_hidden')::boolean ELSE is_hidden END,
  is_favorite = CASE WHEN wanted ? 'is_favorite' THEN (wanted ->> 'is_favorite')::boolean ELSE is_favorite END,
  color = CASE WHEN wanted ? 'color' THEN wanted ->> 'color' ELSE color END,
  face_asset_id = coalesce((wanted ->> 'face_asset_id')::uuid, face_asset_id)
FROM jsonb_array_elements($2::jsonb) AS wanted
WHERE person.id = (wanted ->> 'id')::uuid AND owner_id = $1
RETURNING {", ".join(f"person.{name}" for name in _COLUMNS.split(", "))}
"""  # noqa: S608 - composed of constants


def person_json(person: str, folder: str) -> str:
    """SQL for the text of a `PersonResponseDto`.

    Args:
        person: The alias of a row with the columns of `person`.
        folder: The argument (`$1`) that says where pictures lie, with the separator at its end.
    """
    born = f'{person}.birth_date AS "birthDate"'
    rest = f"""
      {person}.id, {person}.is_favorite AS "isFavorite", {person}.is_hidden AS "isHidden", {person}.name,
      CASE WHEN {person}.thumbnail_path = '' OR {person}.thumbnail_path LIKE '/%' THEN {person}.thumbnail_path
        ELSE {folder} || {person}.thumbnail_path END AS "thumbnailPath",
      immich_time({person}.updated_at) AS "updatedAt"
    """
    return f"""
      CASE WHEN {person}.color IS NULL
        THEN (SELECT row_to_json(shown)::text FROM (SELECT {born}, {rest}) AS shown)
        ELSE (SELECT row_to_json(shown)::text FROM (SELECT {born}, {person}.color, {rest}) AS shown) END
    """  # noqa: S608 - constants


_SEARCH = f"""
SELECT '[' || coalesce(string_agg({person_json("found", "$4")}, ','), '') || ']' FROM (
  SELECT {_COLUMNS} FROM person, f_unaccent($2) AS asked,
    replace(replace(replace(asked, '\\', '\\\\'), '%', '\\%'), '_', '\\_') AS part
  WHERE owner_id = $1 AND name <> '' AND ($3 OR NOT is_hidden)
    AND (f_unaccent(name) ILIKE '%' || part || '%' OR asked <% f_unaccent(name))
  ORDER BY f_unaccent(name) ILIKE part || '%' DESC, f_unaccent(name) ILIKE '%' || part || '%' DESC,
    word_similarity(asked, f_unaccent(name)) DESC, is_favorite DESC, sort_key(name), id
  LIMIT 1000
) AS found
"""  # noqa: S608 - constants

_WITHOUT_FACES = """
NOT EXISTS (SELECT FROM asset_face AS face WHERE face.person_id = person.id AND face.deleted_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of people; `total` and `hidden` count all of them."""

    people: Sequence[Row]
    total: int
    hidden: int
    has_more: bool


async def page(
    db: Database,
    owner_id: UUID,
    *,
    minimum_faces: int,
    with_hidden: bool,
    number: int,
    size: int,
    near: UUID | None = None,
) -> Page:
    """An owner's people: favourites first, named ones, those with many photos; hidden ones last.

    With `near`, a face, those who look most like it come first.
    """
    offset = min((number - 1) * size, 2**62)
    async with db.planned():  # a plan for any owner and any face takes five times as long
        rows = await db.fetch(_PAGE, owner_id, minimum_faces, with_hidden, size + 1, offset, near)
    people = [row for row in rows if row["id"] is not None]
    return Page(people[:size], rows[0]["total"], rows[0]["hidden"], len(people) > size)


async def find(db: Database, owner_id: UUID, person_id: UUID) -> Row | None:
    """One of an owner's people; None where there is no such person, or it is somebody else's."""
    sql = f"SELECT {_COLUMNS}, face_asset_id FROM person WHERE id = $1 AND owner_id = $2"  # noqa: S608 - constants
    return await db.fetchrow(sql, person_id, owner_id)


async def owned(db: Database, owner_id: UUID, person_ids: Collection[UUID], *, hold: bool = False) -> dict[UUID, Row]:
    """Those of `person_ids` who are the owner's; with `hold` nobody changes them until the transaction ends."""
    sql = f"SELECT {_COLUMNS} FROM person WHERE id = ANY($1::uuid[]) AND owner_id = $2 ORDER BY id"  # noqa: S608
    rows = await db.fetch(f"{sql} FOR UPDATE" if hold else sql, list(person_ids), owner_id)
    return {row["id"]: row for row in rows}


async def hold(db: Database, person_ids: Collection[UUID]) -> set[UUID]:
    """Those of the people who are there; nobody else changes them until the transaction ends.

    Whoever changes several people, or faces, holds all people first, by this: in one order, so that none waits for
    another in a circle.
    """
    rows = await db.fetch("SELECT id FROM person WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(person_ids))
    return {row["id"] for row in rows}


async def create(db: Database, owner_id: UUID, values: Mapping[str, Any]) -> Row:
    """Make a person; `values` are columns."""
    names = ["owner_id", *values]
    marks = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    sql = f"INSERT INTO person ({', '.join(names)}) VALUES ({marks}) RETURNING {_COLUMNS}"  # noqa: S608 - own names
    return await db.fetchrow(sql, owner_id, *values.values())


async def update(db: Database, owner_id: UUID, changes: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, Row]:
    """Change many people by one statement: id -> column -> value; answers those who were the owner's."""
    wanted = [{"id": str(person_id), **columns} for person_id, columns in changes.items()]
    rows = await db.fetch(_UPDATE, owner_id, json.dumps(wanted, default=str))
    return {row["id"]: row for row in rows}


async def delete(db: Database, person_ids: Collection[UUID]) -> list[str]:
    """Delete people; their faces are nobody's, and nobody has said so. Answers the paths of their pictures."""
    await db.execute(
        "UPDATE asset_face SET person_id = NULL, is_confirmed = false WHERE person_id = ANY($1::uuid[])",
        list(person_ids),
    )
    rows = await db.fetch("DELETE FROM person WHERE id = ANY($1::uuid[]) RETURNING thumbnail_path", list(person_ids))
    return [row["thumbnail_path"] for row in rows if row["thumbnail_path"]]


async def assets_shown(db: Database, person_id: UUID) -> int:
    """How many assets of the timeline show a person."""
    return await db.fetchval(
        """SELECT count(DISTINCT face.asset_id) FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
           WHERE face.person_id = $1 AND face.deleted_at IS NULL AND face.is_visible
             AND asset.deleted_at IS NULL AND asset.visibility = 'timeline'""",
        person_id,
    )


async def search(db: Database, owner_id: UUID, text: str, *, with_hidden: bool, folder: str) -> str:
    """Named people, by a part of the name or one much like it; the likeliest first.

    Args:
        db: The database.
        owner_id: Whose.
        text: What is looked for.
        with_hidden: Those who are hidden as well.
        folder: Where pictures lie, with the separator at its end.

    Returns:
        A JSON list of `PersonResponseDto`.
    """
    return await db.fetchval(_SEARCH, owner_id, text, with_hidden, folder)


async def face_to_compare(db: Database, owner_id: UUID, wanted: UUID) -> UUID | None:
    """The face to which people are compared: a face of the owner's, or the largest one in an asset of theirs."""
    return await db.fetchval(
        """SELECT face.id FROM asset_face AS face
           JOIN asset ON asset.id = face.asset_id JOIN face_search ON face_search.face_id = face.id
           WHERE (face.id = $2 OR face.asset_id = $2) AND asset.owner_id = $1 AND face.deleted_at IS NULL
           ORDER BY face.id = $2 DESC, (face.bounding_box_x2 - face.bounding_box_x1)::bigint
             * (face.bounding_box_y2 - face.bounding_box_y1) DESC, face.id
           LIMIT 1""",
        owner_id,
        wanted,
    )


async def without_faces(db: Database, older_than: timedelta) -> list[UUID]:
    """People whom no photo shows, not even one in the trash."""
    sql = f"SELECT id FROM person WHERE created_at <= now() - $1::interval AND {_WITHOUT_FACES} LIMIT 10000"  # noqa: S608
    return [row["id"] for row in await db.fetch(sql, older_than)]


async def hold_unseen(db: Database, person_ids: Collection[UUID]) -> list[UUID]:
    """Those of the people whom no photo shows; nobody gives them a face until the transaction ends."""
    held = await hold(db, person_ids)
    # read once they are held: somebody may have given them a face before
    sql = f"SELECT id FROM person WHERE id = ANY($1::uuid[]) AND {_WITHOUT_FACES}"  # noqa: S608 - constants
    return [row["id"] for row in await db.fetch(sql, list(held))]
