"""Every statement about the faces that people's pictures show."""

from collections.abc import Collection, Mapping
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

# The best face of each person: one that can be looked at, and then the largest. None in locked photos: pictures of
# people are shown to whoever has not unlocked them.
_FEATURES = """
WITH best AS (
  SELECT DISTINCT ON (face.person_id) face.person_id, face.id
  FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
  WHERE face.person_id = ANY($1::uuid[]) AND face.deleted_at IS NULL AND face.is_visible
    AND asset.visibility <> 'locked'
  ORDER BY face.person_id, asset.deleted_at IS NOT NULL, asset.visibility <> 'timeline',
    (face.bounding_box_x2 - face.bounding_box_x1)::float8 * (face.bounding_box_y2 - face.bounding_box_y1)
      / greatest(face.image_width::float8 * face.image_height, 1) DESC, face.id
)
UPDATE person SET
  face_asset_id = best.id, thumbnail_path = CASE WHEN best.id IS NULL THEN '' ELSE before.thumbnail_path END
FROM person AS before LEFT JOIN best ON best.person_id = before.id
WHERE person.id = before.id AND before.id = ANY($1::uuid[])
  AND (before.face_asset_id IS DISTINCT FROM best.id OR (best.id IS NULL AND before.thumbnail_path <> ''))
  AND NOT EXISTS (SELECT FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
    WHERE face.id = before.face_asset_id AND face.person_id = before.id AND face.deleted_at IS NULL
      AND face.is_visible AND asset.visibility <> 'locked')
RETURNING person.id, person.face_asset_id, before.thumbnail_path AS path
"""


async def faces_in(db: Database, wanted: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """For (person, asset) the largest face of that person in that asset, unless it is locked: person -> face."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (face.person_id) face.person_id, face.id
           FROM asset_face AS face
           JOIN unnest($1::uuid[], $2::uuid[]) AS asked (person_id, asset_id)
             ON face.person_id = asked.person_id AND face.asset_id = asked.asset_id
           JOIN asset ON asset.id = face.asset_id AND asset.visibility <> 'locked'
           WHERE face.deleted_at IS NULL AND face.is_visible
           ORDER BY face.person_id, (face.bounding_box_x2 - face.bounding_box_x1)::bigint
             * (face.bounding_box_y2 - face.bounding_box_y1) DESC, face.id""",
        list(wanted),
        list(wanted.values()),
    )
    return {row["person_id"]: row["id"] for row in rows}


async def settle_features(db: Database, person_ids: Collection[UUID]) -> list[Row]:
    """Give people whose picture shows no face of theirs (any more) another face.

    Answers `id`, `face_asset_id` and `path`, where the picture lay; who has no face to show has no picture.
    """
    return await db.fetch(_FEATURES, list(person_ids))


async def without_picture(db: Database, owner_id: UUID | None, *, every: bool = False) -> list[UUID]:
    """People with no picture, or one that must not be seen, though they have a face for it; or `every` such one."""
    rows = await db.fetch(
        """SELECT person.id FROM person
           LEFT JOIN asset_face AS chosen ON chosen.id = person.face_asset_id
           LEFT JOIN asset AS shown ON shown.id = chosen.asset_id
           WHERE ($1::uuid IS NULL OR person.owner_id = $1)
             AND (shown.visibility = 'locked'
               OR chosen.id IS NOT NULL AND (chosen.person_id IS DISTINCT FROM person.id
                 OR chosen.deleted_at IS NOT NULL
                 OR NOT chosen.is_visible)
               OR chosen.id IS NULL AND person.thumbnail_path <> ''
               OR ($2 OR person.thumbnail_path = '' OR chosen.id IS NULL) AND EXISTS (
                 SELECT FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
                 WHERE face.person_id = person.id AND face.deleted_at IS NULL AND face.is_visible
                   AND asset.visibility <> 'locked'))
           ORDER BY person.id""",
        owner_id,
        every,
    )
    return [row["id"] for row in rows]


async def with_feature(db: Database, person_ids: Collection[UUID]) -> list[UUID]:
    """Those of the people who have a face for their picture."""
    sql = "SELECT id FROM person WHERE id = ANY($1::uuid[]) AND face_asset_id IS NOT NULL"
    return [row["id"] for row in await db.fetch(sql, list(person_ids))]


async def feature(db: Database, person_id: UUID) -> Row | None:
    """Owner, and the face that a person's picture shows."""
    return await db.fetchrow(
        """SELECT person.owner_id, face.id, face.asset_id, face.image_width, face.image_height,
             face.bounding_box_x1 AS x1, face.bounding_box_y1 AS y1, face.bounding_box_x2 AS x2,
             face.bounding_box_y2 AS y2
           FROM person JOIN asset_face AS face ON face.id = person.face_asset_id WHERE person.id = $1""",
        person_id,
    )


async def set_picture(db: Database, person_id: UUID, path: str, face_id: UUID) -> str | None:
    """Note where a person's picture lies; answers where the one before did, perhaps ''.

    None where it must not be seen: the person is gone, or shown by another face by now, or the photo is locked.
    """
    return await db.fetchval(
        """WITH before AS (SELECT id, thumbnail_path FROM person WHERE id = $1 FOR UPDATE)
           UPDATE person SET thumbnail_path = $2 FROM before
           WHERE person.id = before.id AND person.face_asset_id = $3 AND EXISTS (
             SELECT FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
             WHERE face.id = $3 AND asset.visibility <> 'locked')
           RETURNING before.thumbnail_path""",
        person_id,
        path,
        face_id,
    )
