"""Every statement about single faces, and about who is in which asset."""

from collections.abc import Collection, Sequence
from uuid import UUID

from immich_faces.people_store import person_json
from immich_host.plugin_api.database import Database, Row

_PERSON = (
    "person.name, person.birth_date, person.is_hidden, person.is_favorite, person.color, person.thumbnail_path, "
    "person.updated_at"
)

_PEOPLE_OF_ASSETS = f"""
SELECT face.asset_id,
  '[' || string_agg({person_json("person", "$3")}, ',' ORDER BY face.place, person.id) || ']' AS people
FROM (
  SELECT asset_id, person_id, min(bounding_box_x1::float8 / greatest(image_width, 1)) AS place
  FROM asset_face
  WHERE asset_id = ANY($1::uuid[]) AND person_id IS NOT NULL AND deleted_at IS NULL AND is_visible
  GROUP BY asset_id, person_id
) AS face
JOIN person ON person.id = face.person_id AND person.owner_id = $2
GROUP BY face.asset_id
"""  # noqa: S608 - constants

_OWN = """
SELECT face.id, face.asset_id, face.person_id FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
WHERE face.id = $1 AND asset.owner_id = $2 AND (asset.visibility <> 'locked' OR $3)
"""


async def of_asset(db: Database, asset_id: UUID, owner_id: UUID) -> list[Row]:
    """The faces in an owner's asset from left to right, each with its person, whose id is `person_id`."""
    return await db.fetch(
        f"""SELECT face.id AS face_id, face.source_type, face.image_width, face.image_height, face.bounding_box_x1,
              face.bounding_box_y1, face.bounding_box_x2, face.bounding_box_y2, person.id, {_PERSON}
            FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
            LEFT JOIN person ON person.id = face.person_id AND person.owner_id = $2
            WHERE face.asset_id = $1 AND asset.owner_id = $2 AND face.deleted_at IS NULL AND face.is_visible
            ORDER BY face.bounding_box_x1::float8 / greatest(face.image_width, 1), face.id""",  # noqa: S608 - constants
        asset_id,
        owner_id,
    )


async def people_of_assets(db: Database, asset_ids: Sequence[UUID], owner_id: UUID, *, folder: str) -> dict[UUID, str]:
    """Who is in an owner's assets, once each, from left to right; of assets with nobody nothing.

    Args:
        db: The database.
        asset_ids: The assets.
        owner_id: Whose people.
        folder: Where pictures lie, with the separator at its end.

    Returns:
        A JSON list of `PersonResponseDto` for each asset.
    """
    rows = await db.fetch(_PEOPLE_OF_ASSETS, list(asset_ids), owner_id, folder)
    return {row["asset_id"]: row["people"] for row in rows}


async def own(db: Database, face_id: UUID, owner_id: UUID, *, is_elevated: bool) -> Row | None:
    """A face in an asset of the owner's; those in locked assets only while the session is unlocked."""
    return await db.fetchrow(_OWN, face_id, owner_id, is_elevated)


async def hold(db: Database, face_id: UUID, person_id: UUID | None) -> bool:
    """Whether a face is still that person's, or nobody's; nobody else changes it until the transaction ends."""
    sql = "SELECT true FROM asset_face WHERE id = $1 AND person_id IS NOT DISTINCT FROM $2 FOR UPDATE"
    return bool(await db.fetchval(sql, face_id, person_id))


async def draw(
    db: Database, asset_id: UUID, person_id: UUID, size: tuple[int, int], box: tuple[int, int, int, int]
) -> UUID:
    """Put in a face that a human has drawn: picture's size and corners in its pixels."""
    return await db.fetchval(
        """INSERT INTO asset_face (asset_id, person_id, image_width, image_height, bounding_box_x1, bounding_box_y1,
             bounding_box_x2, bounding_box_y2, source_type, is_confirmed)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'manual', true) RETURNING id""",
        asset_id,
        person_id,
        *size,
        *box,
    )


async def give(db: Database, face_id: UUID, person_id: UUID) -> None:
    """A human says whose face it is; one that was taken away is there again."""
    await db.execute(
        "UPDATE asset_face SET person_id = $2, is_confirmed = true, deleted_at = NULL WHERE id = $1",
        face_id,
        person_id,
    )


async def confirm(db: Database, face_ids: Collection[UUID]) -> None:
    """A human says that faces are of those whose they are."""
    if face_ids:
        await db.execute("UPDATE asset_face SET is_confirmed = true WHERE id = ANY($1::uuid[])", list(face_ids))


async def give_many(
    db: Database, person_id: UUID, wanted: Sequence[tuple[UUID, UUID]], asset_ids: Collection[UUID]
) -> list[Row]:
    """Give the faces of (asset, person) pairs to another person; answers `asset_id` and `before`.

    Only faces in `asset_ids` are touched.
    """
    return await db.fetch(
        """UPDATE asset_face AS face SET person_id = $1, is_confirmed = true
           FROM unnest($2::uuid[], $3::uuid[]) AS asked (asset_id, person_id)
           WHERE face.asset_id = asked.asset_id AND face.person_id = asked.person_id AND face.deleted_at IS NULL
             AND face.asset_id = ANY($4::uuid[])
           RETURNING face.asset_id, asked.person_id AS before""",
        person_id,
        [asset_id for asset_id, _ in wanted],
        [before for _, before in wanted],
        list(asset_ids),
    )


async def give_all(db: Database, person_id: UUID, others: Collection[UUID]) -> None:
    """Give all faces of some people to another."""
    await db.execute(
        "UPDATE asset_face SET person_id = $1, is_confirmed = true WHERE person_id = ANY($2::uuid[])",
        person_id,
        list(others),
    )


async def remove(db: Database, face_id: UUID, *, for_good: bool) -> None:
    """Take a face away; unless for good it is kept, so that it is not found again."""
    if for_good:
        await db.execute("DELETE FROM asset_face WHERE id = $1", face_id)
    else:
        await db.execute("UPDATE asset_face SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL", face_id)


async def assets_of(db: Database, person_ids: Collection[UUID]) -> list[UUID]:
    """Assets in which people have a face."""
    rows = await db.fetch(
        "SELECT DISTINCT asset_id FROM asset_face WHERE person_id = ANY($1::uuid[]) AND deleted_at IS NULL",
        list(person_ids),
    )
    return [row["asset_id"] for row in rows]


async def named_faces(db: Database, asset_ids: Sequence[UUID]) -> list[Row]:
    """Faces of named people: `asset_id`, `name`, and corners as fractions of the picture."""
    return await db.fetch(
        """SELECT face.asset_id, person.name,
             face.bounding_box_x1::float8 / face.image_width AS x1,
             face.bounding_box_y1::float8 / face.image_height AS y1,
             face.bounding_box_x2::float8 / face.image_width AS x2,
             face.bounding_box_y2::float8 / face.image_height AS y2
           FROM asset_face AS face JOIN person ON person.id = face.person_id
           WHERE face.asset_id = ANY($1::uuid[]) AND face.deleted_at IS NULL AND person.name <> ''
             AND face.image_width > 0 AND face.image_height > 0
           ORDER BY face.asset_id, x1, face.id""",
        list(asset_ids),
    )


async def owned_assets(db: Database, owner_id: UUID, asset_ids: Collection[UUID]) -> set[UUID]:
    """Those of `asset_ids` that are the owner's."""
    rows = await db.fetch(
        "SELECT id FROM asset WHERE id = ANY($1::uuid[]) AND owner_id = $2", list(asset_ids), owner_id
    )
    return {row["id"] for row in rows}
