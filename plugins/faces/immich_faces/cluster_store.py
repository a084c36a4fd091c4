"""Every statement of telling faces apart."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

# Faces of people whom a human has set stay; those that a human said are nobody's, or that nobody has named in a
# file or drawn, take no part. Photos in the trash do: what is restored finds its people unchanged. `seen` is 0 where
# the last clustering of this group has not seen it.
_FACES = """
SELECT face.id, face.person_id, asset.owner_id,
  dense_rank() OVER (ORDER BY face.asset_id) AS photo,
  (asset.local_date_time AT TIME ZONE 'UTC')::date - date '1970-01-01' AS day,
  asset.visibility = 'timeline' AS may_be_core,
  face.is_confirmed OR face.source_type <> 'machine-learning' AS is_fixed,
  CASE WHEN clustered.cluster_group_id = $2 THEN clustered.seen ELSE 0 END AS seen,
  clustered.person_id AS was_person_id, coalesce(clustered.is_held, false) AS is_held,
  vector_send(search.embedding) AS vector
FROM face_search AS search
JOIN asset_face AS face ON face.id = search.face_id
JOIN asset ON asset.id = face.asset_id
LEFT JOIN faces_clustered AS clustered ON clustered.face_id = face.id
WHERE search.model = $1 AND asset.owner_id = ANY($3::uuid[]) AND vector_dims(search.embedding) = $4
  AND face.deleted_at IS NULL AND asset.visibility <> 'hidden' AND asset.status <> 'deleted'
  AND (face.person_id IS NOT NULL OR NOT (face.is_confirmed OR face.source_type <> 'machine-learning'))
ORDER BY face.id
"""


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a group was clustered the last time: by which settings, how many faces, and how long it took.

    `is_loose`: faces have gone since all were looked at.
    """

    made_by: str
    faces: int
    seconds: float
    is_loose: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """Faces that the last clustering has seen and that are no more, or take no part any more.

    Args:
        noted: Ids of the notes about those that are no more.
        out: Those that take no part.
        people: Whose they were, without None.
    """

    noted: list[int]
    out: list[UUID]
    people: frozenset[UUID]

    def __bool__(self) -> bool:
        return bool(self.noted or self.out)


async def groups(db: Database) -> list[UUID]:
    """Cluster groups whose members have faces."""
    rows = await db.fetch(
        """SELECT DISTINCT owner.cluster_group_id AS id FROM "user" AS owner
           WHERE EXISTS (SELECT FROM asset JOIN asset_face ON asset_face.asset_id = asset.id
                         WHERE asset.owner_id = owner.id)"""
    )
    return [row["id"] for row in rows]


async def owners(db: Database, group_id: UUID) -> list[UUID]:
    """The members of a group."""
    rows = await db.fetch('SELECT id FROM "user" WHERE cluster_group_id = $1 ORDER BY id', group_id)
    return [row["id"] for row in rows]


async def width(db: Database, model: str, owner_ids: Sequence[UUID]) -> tuple[int, int]:
    """How many numbers most vectors of a model have, and how many vectors have others.

    Those are of another model that had the same name.
    """
    rows = await db.fetch(
        """SELECT vector_dims(search.embedding) AS width, count(*) AS faces
           FROM face_search AS search JOIN asset_face AS face ON face.id = search.face_id
           JOIN asset ON asset.id = face.asset_id
           WHERE search.model = $1 AND asset.owner_id = ANY($2::uuid[]) GROUP BY 1 ORDER BY 2 DESC, 1""",
        model,
        list(owner_ids),
    )
    return (rows[0]["width"] if rows else 0), sum(row["faces"] for row in rows[1:])


def faces(db: Database, model: str, group_id: UUID, owner_ids: Sequence[UUID], width: int) -> AsyncIterator[Row]:
    """The faces of a group that have a vector of a model, of one width, by their ids."""
    return db.stream(_FACES, model, group_id, list(owner_ids), width)


async def people(db: Database, owner_ids: Sequence[UUID]) -> list[Row]:
    """The people of some owners, in the order in which they were made.

    `is_known`: a human has named, marked or hidden them; `said` is that as a number, `was_said` what it was for the
    last clustering. `is_elsewhere`: somebody outside of these owners has a person of the same identity.
    """
    return await db.fetch(
        """SELECT id, owner_id, face_asset_id, identity_id, birth_date - date '1970-01-01' AS born,
             name <> '' OR birth_date IS NOT NULL OR is_favorite OR is_hidden OR color IS NOT NULL AS is_known,
             EXISTS (SELECT FROM person AS other WHERE other.identity_id = person.identity_id
               AND other.owner_id <> ALL($1::uuid[])) AS is_elsewhere,
             hashtextextended(row(name, birth_date, is_favorite, is_hidden, color)::text, 0) AS said,
             faces_said.said AS was_said
           FROM person LEFT JOIN faces_said ON faces_said.person_id = person.id
           WHERE owner_id = ANY($1::uuid[]) ORDER BY created_at, id""",
        list(owner_ids),
    )


async def last_run(db: Database, group_id: UUID) -> LastRun | None:
    """The last clustering of a group."""
    row = await db.fetchrow(
        "SELECT made_by, faces, seconds, is_loose FROM faces_clustering WHERE cluster_group_id = $1", group_id
    )
    return None if row is None else LastRun(**row)


async def gone(db: Database, group_id: UUID, there: Sequence[UUID], seen: int) -> Gone:
    """What has gone since the last clustering; `there` are the faces now, `seen` of which it has seen."""
    noted = await db.fetch("SELECT id, person_id FROM faces_gone WHERE cluster_group_id = $1", group_id)
    out: list[Row] = []
    known = "FROM faces_clustered WHERE cluster_group_id = $1 AND seen <> 0"
    if await db.fetchval(f"SELECT count(*) {known}", group_id) != seen:
        out = await db.fetch(
            f"""SELECT face_id, person_id {known}
                  AND NOT EXISTS (SELECT FROM unnest($2::uuid[]) AS kept (id) WHERE kept.id = face_id)""",  # noqa: S608
            group_id,
            list(there),
        )
    people = [row["person_id"] for row in (*noted, *out)]
    return Gone(
        [row["id"] for row in noted],
        [row["face_id"] for row in out],
        frozenset(person_id for person_id in people if person_id is not None),
    )


async def make_people(db: Database, people: Sequence[tuple[UUID, UUID]]) -> None:
    """Make unnamed people: (id, owner)."""
    await db.execute(
        "INSERT INTO person (id, owner_id) SELECT * FROM unnest($1::uuid[], $2::uuid[])",
        [person_id for person_id, _ in people],
        [owner_id for _, owner_id in people],
    )


async def give(db: Database, changes: Sequence[tuple[UUID, UUID | None, UUID | None]]) -> list[Row]:
    """Give faces (id, whose it was, whose it is) to people, unless somebody else has changed them meanwhile.

    Answers `id` and `asset_id` of those that were given.
    """
    return await db.fetch(
        """UPDATE asset_face AS face SET person_id = wanted.now
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS wanted (id, before, now)
           WHERE face.id = wanted.id AND face.person_id IS NOT DISTINCT FROM wanted.before
             AND NOT face.is_confirmed AND face.source_type = 'machine-learning' AND face.deleted_at IS NULL
           RETURNING face.id, face.asset_id""",
        *([change[place] for change in changes] for place in range(3)),
    )


async def emptied(db: Database, person_ids: Collection[UUID]) -> list[UUID]:
    """Those of the people of whom no face is left and of whom nobody has said anything."""
    rows = await db.fetch(
        """SELECT id FROM person WHERE id = ANY($1::uuid[])
             AND NOT (name <> '' OR birth_date IS NOT NULL OR is_favorite OR is_hidden OR color IS NOT NULL)
             AND NOT EXISTS (SELECT FROM asset_face WHERE asset_face.person_id = person.id)""",
        list(person_ids),
    )
    return [row["id"] for row in rows]


async def identify(db: Database, identities: Sequence[tuple[UUID, UUID]]) -> None:
    """Say which people are the same human: (person, identity)."""
    await db.execute(
        """UPDATE person SET identity_id = said.identity_id
           FROM unnest($1::uuid[], $2::uuid[]) AS said (id, identity_id)
           WHERE person.id = said.id AND person.identity_id <> said.identity_id""",
        [person_id for person_id, _ in identities],
        [identity_id for _, identity_id in identities],
    )


async def remember(db: Database, group_id: UUID, seen: Sequence[tuple[UUID, UUID | None, bool, int]]) -> None:
    """Keep what was made of faces (id, person, is held, number); those that have gone meanwhile are noted as gone."""
    await db.execute(
        """WITH new AS (
             SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::bigint[])
               AS given (face_id, person_id, is_held, seen)
           ), there AS (
             SELECT id FROM asset_face WHERE id IN (SELECT face_id FROM new) ORDER BY id FOR KEY SHARE
           ), noted AS (
             INSERT INTO faces_gone (cluster_group_id, person_id)
             SELECT $1, person_id FROM new WHERE face_id NOT IN (SELECT id FROM there)
           )
           INSERT INTO faces_clustered (face_id, cluster_group_id, person_id, is_held, seen)
           SELECT face_id, $1, person_id, is_held, seen FROM new WHERE face_id IN (SELECT id FROM there)
           ON CONFLICT (face_id) DO UPDATE SET cluster_group_id = excluded.cluster_group_id,
             person_id = excluded.person_id, is_held = excluded.is_held, seen = excluded.seen""",
        group_id,
        *([face[place] for face in seen] for place in range(4)),
    )


async def forget_gone(db: Database, faces: Gone) -> None:
    """What has gone is dealt with."""
    await db.execute("DELETE FROM faces_gone WHERE id = ANY($1::bigint[])", faces.noted)
    await db.execute("UPDATE faces_clustered SET seen = 0 WHERE face_id = ANY($1::uuid[])", faces.out)


async def note_said(db: Database, said: Sequence[tuple[UUID, int]]) -> None:
    """Keep what humans had said of people (id, number)."""
    await db.execute(
        """INSERT INTO faces_said (person_id, said)
           SELECT person.id, new.said FROM unnest($1::uuid[], $2::bigint[]) AS new (person_id, said)
           JOIN person ON person.id = new.person_id
           ON CONFLICT (person_id) DO UPDATE SET said = excluded.said""",
        [person_id for person_id, _ in said],
        [number for _, number in said],
    )


async def note_run(db: Database, group_id: UUID, run: LastRun) -> None:
    """Keep how a group was clustered."""
    await db.execute(
        """INSERT INTO faces_clustering (cluster_group_id, made_by, faces, seconds, is_loose)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (cluster_group_id) DO UPDATE SET made_by = excluded.made_by, faces = excluded.faces,
             seconds = excluded.seconds, is_loose = excluded.is_loose, ran_at = now()""",
        group_id,
        run.made_by,
        run.faces,
        run.seconds,
        run.is_loose,
    )


async def forget_groups(db: Database) -> None:
    """Drop what is known of groups that nobody is in any more."""
    for table in ("faces_clustering", "faces_gone"):
        await db.execute(
            f"""DELETE FROM {table}
                WHERE NOT EXISTS (SELECT FROM "user" WHERE "user".cluster_group_id = {table}.cluster_group_id)"""  # noqa: S608 - own names
        )
