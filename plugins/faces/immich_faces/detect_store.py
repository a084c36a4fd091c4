"""Every statement of finding faces."""

from collections.abc import AsyncIterator, Collection, Sequence
from uuid import UUID

from immich_faces.detect_matching import Box, Found, Known
from immich_host.plugin_api.database import Database

_HAS_PREVIEW = "EXISTS (SELECT FROM asset_file AS file WHERE file.asset_id = asset.id AND file.type = 'preview')"
_LOOKED_AT = "asset.visibility <> 'hidden' AND asset.type IN ('IMAGE', 'VIDEO') AND asset.deleted_at IS NULL"


async def hold_asset(db: Database, asset_id: UUID) -> UUID | None:
    """The cluster group of an asset's owner; nobody else changes its faces until the transaction ends."""
    return await db.fetchval(
        """SELECT owner.cluster_group_id FROM asset JOIN "user" AS owner ON owner.id = asset.owner_id
           WHERE asset.id = $1 FOR NO KEY UPDATE OF asset""",
        asset_id,
    )


async def known(db: Database, asset_id: UUID) -> list[Known]:
    """All faces of an asset, those that were taken away too.

    What a human said, another program, or by whom a person who has been given a name, a birth date or the like is
    shown, is settled; where no face of theirs shows such a person, as all are in locked photos, all of them are.
    """
    rows = await db.fetch(
        """SELECT face.*, face.is_confirmed OR face.source_type <> 'machine-learning' OR face.deleted_at IS NOT NULL
             OR EXISTS (SELECT FROM person LEFT JOIN asset_face AS shown
                 ON shown.id = person.face_asset_id AND shown.person_id = person.id AND shown.deleted_at IS NULL
               WHERE person.id = face.person_id AND (shown.id IS NULL OR shown.id = face.id)
                 AND (person.name <> '' OR person.birth_date IS NOT NULL OR person.is_favorite OR person.is_hidden
                   OR person.color IS NOT NULL))
             AS is_settled
           FROM asset_face AS face WHERE face.asset_id = $1 ORDER BY face.id""",
        asset_id,
    )
    return [
        Known(
            row["id"],
            Box(
                *(row[f"bounding_box_{side}"] for side in ("x1", "y1", "x2", "y2")),
                width=row["image_width"],
                height=row["image_height"],
            ),
            is_settled=row["is_settled"],
            is_taken_away=row["deleted_at"] is not None,
        )
        for row in rows
    ]


async def delete(db: Database, face_ids: Collection[UUID]) -> set[UUID]:
    """Delete faces; answers whose they were.

    People are held before their faces, as everybody else does who changes both.
    """
    if not face_ids:
        return set()
    await db.execute(
        """SELECT FROM person WHERE id IN (SELECT person_id FROM asset_face WHERE id = ANY($1::uuid[]))
           ORDER BY id FOR UPDATE""",
        list(face_ids),
    )
    rows = await db.fetch("DELETE FROM asset_face WHERE id = ANY($1::uuid[]) RETURNING person_id", list(face_ids))
    return {row["person_id"] for row in rows if row["person_id"] is not None}


async def insert(db: Database, asset_id: UUID, found: Sequence[Found]) -> list[UUID]:
    """Put in faces that were found; answers their ids in order."""
    rows = await db.fetch(
        """INSERT INTO asset_face (asset_id, image_width, image_height, bounding_box_x1, bounding_box_y1,
             bounding_box_x2, bounding_box_y2)
           SELECT $1, width, height, x1, y1, x2, y2
           FROM unnest($2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[])
             WITH ORDINALITY AS new (width, height, x1, y1, x2, y2, place) ORDER BY place
           RETURNING id""",
        asset_id,
        *([getattr(face.box, side) for face in found] for side in ("width", "height", "x1", "y1", "x2", "y2")),
    )
    return [row["id"] for row in rows]


async def set_vectors(db: Database, model: str, vectors: Sequence[tuple[UUID, str]]) -> bool:
    """Keep what tells faces apart, as texts of JSON arrays; whether any is another than before.

    What clustering made of those is forgotten.
    """
    changed = await db.fetch(
        """WITH changed AS (
             INSERT INTO face_search AS before (face_id, model, embedding)
             SELECT face_id, $1, embedding::vector FROM unnest($2::uuid[], $3::text[]) AS new (face_id, embedding)
             ON CONFLICT (face_id) DO UPDATE SET model = excluded.model, embedding = excluded.embedding
             WHERE before.model <> excluded.model OR before.embedding::text <> excluded.embedding::text
             RETURNING face_id
           ), forgotten AS (
             UPDATE faces_clustered SET seen = 0 FROM changed WHERE faces_clustered.face_id = changed.face_id
           )
           SELECT face_id FROM changed""",
        model,
        [face_id for face_id, _ in vectors],
        [vector for _, vector in vectors],
    )
    return bool(changed)


async def seconds_of_clustering(db: Database, group_id: UUID) -> float:
    """How long telling the faces of a group apart took the last time."""
    return await db.fetchval("SELECT seconds FROM faces_clustering WHERE cluster_group_id = $1", group_id) or 0.0


async def not_looked_at(db: Database) -> AsyncIterator[UUID]:
    """Assets with a preview in which no faces were looked for, newest first."""
    rows = db.stream(
        f"""SELECT asset.id FROM asset LEFT JOIN asset_job_status AS status ON status.asset_id = asset.id
            WHERE status.faces_recognized_at IS NULL AND {_LOOKED_AT} AND {_HAS_PREVIEW}
            ORDER BY asset.file_created_at DESC, asset.id"""  # noqa: S608 - constants
    )
    async for row in rows:
        yield row["id"]


async def is_looked_at(db: Database, asset_id: UUID) -> bool:
    """Whether faces were looked for in an asset."""
    is_known = "SELECT faces_recognized_at IS NOT NULL FROM asset_job_status WHERE asset_id = $1"
    return bool(await db.fetchval(is_known, asset_id))


async def all_assets(db: Database) -> AsyncIterator[UUID]:
    """Assets in which faces can be, newest first."""
    rows = db.stream(
        f"SELECT asset.id FROM asset WHERE {_LOOKED_AT} ORDER BY asset.file_created_at DESC, asset.id"  # noqa: S608
    )
    async for row in rows:
        yield row["id"]
