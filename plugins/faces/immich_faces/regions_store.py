"""Every statement of taking over named regions."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from immich_faces.regions import Box, Known
from immich_host.plugin_api.database import Database, Row


async def hold_asset(db: Database, asset_id: UUID) -> Row | None:
    """Owner and size of an asset whose faces nobody else changes by regions until the transaction ends."""
    return await db.fetchrow("SELECT owner_id, width, height FROM asset WHERE id = $1 FOR NO KEY UPDATE", asset_id)


async def known(db: Database, asset_id: UUID) -> list[Known]:
    """All faces of an asset, those that were taken away too.

    A face that was found, and that is of somebody who was named here and not by a file, is settled.
    """
    rows = await db.fetch(
        """SELECT face.*, search.face_id IS NOT NULL AS has_vector,
             face.is_confirmed OR face.deleted_at IS NOT NULL OR face.source_type <> 'exif' AND EXISTS (
               SELECT FROM person WHERE person.id = face.person_id AND person.name <> '' AND NOT EXISTS (
                 SELECT FROM asset_face AS told WHERE told.person_id = person.id
                   AND lower(told.named_in_file) = lower(person.name))) AS is_settled
           FROM asset_face AS face
           LEFT JOIN face_search AS search ON search.face_id = face.id WHERE face.asset_id = $1 ORDER BY face.id""",
        asset_id,
    )
    return [
        Known(
            row["id"],
            _fractions(row),
            row["source_type"],
            is_settled=row["is_settled"],
            has_vector=row["has_vector"],
            name=row["named_in_file"],
        )
        for row in rows
    ]


def _fractions(row: Row) -> Box:
    width, height = max(row["image_width"], 1), max(row["image_height"], 1)
    return (
        row["bounding_box_x1"] / width,
        row["bounding_box_y1"] / height,
        row["bounding_box_x2"] / width,
        row["bounding_box_y2"] / height,
    )


async def people_called(db: Database, owner_id: UUID, names: Collection[str]) -> dict[str, UUID]:
    """Name -> the owner's person of that name, whatever the case; the oldest of several."""
    rows = await db.fetch(
        """SELECT DISTINCT ON (asked.name) asked.name, person.id
           FROM unnest($2::text[]) AS asked (name) JOIN person ON lower(person.name) = lower(asked.name)
           WHERE person.owner_id = $1 ORDER BY asked.name, person.created_at, person.id""",
        owner_id,
        list(names),
    )
    return {row["name"]: row["id"] for row in rows}


async def make_people(db: Database, owner_id: UUID, names: Sequence[str]) -> None:
    """Make people of these names; one where they differ in their case only, by the first."""
    await db.execute(
        """INSERT INTO person (owner_id, name) SELECT DISTINCT ON (lower(asked.name)) $1::uuid, asked.name
           FROM unnest($2::text[]) WITH ORDINALITY AS asked (name, place) ORDER BY lower(asked.name), asked.place""",
        owner_id,
        list(names),
    )


async def hold_people(db: Database, asset_id: UUID, others: Collection[UUID]) -> None:
    """Until the transaction ends nobody else changes the people in an asset, and some others."""
    # all people before any face, in one order, as everybody does
    await db.execute(
        """SELECT FROM person WHERE id = ANY($2::uuid[])
             OR id IN (SELECT person_id FROM asset_face WHERE asset_id = $1) ORDER BY id FOR UPDATE""",
        asset_id,
        list(others),
    )


async def hold_names(db: Database, owner_id: UUID) -> None:
    """Until the transaction ends nobody else makes people of regions for this owner, so that none is made twice."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('faces names ' || $1::text, 0))", str(owner_id))


async def name_faces(db: Database, named: Mapping[UUID, tuple[UUID, str]]) -> list[UUID]:
    """Give faces to the people whom the file names: face -> (person, name in the file).

    Answers those who had them, and those who got them.
    """
    rows = await db.fetch(
        """UPDATE asset_face AS face SET person_id = asked.person_id, source_type = 'exif', named_in_file = asked.name
           FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS asked (face_id, person_id, name), asset_face AS before
           WHERE face.id = asked.face_id AND before.id = face.id
             AND (face.person_id IS DISTINCT FROM asked.person_id OR face.source_type <> 'exif'
               OR face.named_in_file IS DISTINCT FROM asked.name)
           RETURNING before.person_id AS before, asked.person_id AS now""",
        list(named),
        *([value[place] for value in named.values()] for place in range(2)),
    )
    return [each for row in rows for each in (row["before"], row["now"]) if each is not None]


async def add_faces(
    db: Database, asset_id: UUID, size: tuple[int, int], faces: Sequence[tuple[UUID, str, tuple[int, int, int, int]]]
) -> None:
    """Put in faces of which only the file speaks: person, name and corners in pixels of a picture of `size`."""
    await db.executemany(
        """INSERT INTO asset_face (asset_id, person_id, image_width, image_height, bounding_box_x1, bounding_box_y1,
             bounding_box_x2, bounding_box_y2, named_in_file, source_type)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'exif')""",
        [(asset_id, person_id, *size, *box, name) for person_id, name, box in faces],
    )


async def free_faces(db: Database, face_ids: Collection[UUID]) -> list[UUID]:
    """Faces are again as they were found, and nobody's; answers whose they were."""
    rows = await db.fetch(
        """UPDATE asset_face AS face SET person_id = NULL, source_type = 'machine-learning', named_in_file = NULL
           FROM asset_face AS before
           WHERE face.id = ANY($1::uuid[]) AND before.id = face.id RETURNING before.person_id""",
        list(face_ids),
    )
    return [row["person_id"] for row in rows if row["person_id"] is not None]


async def delete_faces(db: Database, face_ids: Collection[UUID]) -> list[UUID]:
    """Delete faces; answers whose they were."""
    rows = await db.fetch("DELETE FROM asset_face WHERE id = ANY($1::uuid[]) RETURNING person_id", list(face_ids))
    return [row["person_id"] for row in rows if row["person_id"] is not None]
