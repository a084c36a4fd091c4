"""Every statement about cluster groups: users who have one `cluster_group_id`."""

from uuid import UUID

from immich_faces import people_store
from immich_host.plugin_api.database import Database, Row

_REQUEST = "id, cluster_group_id, user_id, created_at"


async def hold(db: Database) -> None:
    """Until the transaction ends nobody else comes into a group or leaves one."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('faces cluster groups', 0))")


async def members(db: Database, group_id: UUID) -> list[UUID]:
    """The users of a group, in the order of their names."""
    rows = await db.fetch(
        """SELECT id FROM "user" WHERE cluster_group_id = $1 AND deleted_at IS NULL ORDER BY sort_key(name), email""",
        group_id,
    )
    return [row["id"] for row in rows]


async def group_of(db: Database, user_id: UUID) -> UUID | None:
    """The group that a user is in, be it alone; None where there is no such user."""
    return await db.fetchval("""SELECT cluster_group_id FROM "user" WHERE id = $1 AND deleted_at IS NULL""", user_id)


async def invite(db: Database, group_id: UUID, user_id: UUID, invited_by: UUID) -> tuple[Row, bool]:
    """An invitation, and whether it is new."""
    row = await db.fetchrow(
        f"""INSERT INTO faces_group_request (cluster_group_id, user_id, invited_by) VALUES ($1, $2, $3)
            ON CONFLICT (cluster_group_id, user_id) DO NOTHING RETURNING {_REQUEST}""",  # noqa: S608 - constants
        group_id,
        user_id,
        invited_by,
    )
    if row is not None:
        return row, True
    known = await db.fetch(
        f"SELECT {_REQUEST} FROM faces_group_request WHERE cluster_group_id = $1 AND user_id = $2",  # noqa: S608
        group_id,
        user_id,
    )
    return known[0], False


async def sent(db: Database, group_id: UUID) -> list[Row]:
    """The invitations of a group that wait for an answer, oldest first."""
    return await db.fetch(
        f"SELECT {_REQUEST} FROM faces_group_request WHERE cluster_group_id = $1 ORDER BY created_at, id",  # noqa: S608
        group_id,
    )


async def received(db: Database, user_id: UUID) -> list[Row]:
    """The invitations that a user has not answered, oldest first."""
    return await db.fetch(
        f"SELECT {_REQUEST} FROM faces_group_request WHERE user_id = $1 ORDER BY created_at, id",  # noqa: S608
        user_id,
    )


async def find(db: Database, request_id: UUID) -> Row | None:
    """An invitation, or None."""
    return await db.fetchrow(f"SELECT {_REQUEST} FROM faces_group_request WHERE id = $1", request_id)  # noqa: S608


async def forget(db: Database, request_id: UUID) -> None:
    """Delete an invitation."""
    await db.execute("DELETE FROM faces_group_request WHERE id = $1", request_id)


async def forget_unanswerable(db: Database) -> None:
    """Delete invitations to groups that nobody is in any more."""
    await db.execute(
        """DELETE FROM faces_group_request AS request
           WHERE NOT EXISTS (SELECT FROM "user" WHERE cluster_group_id = request.cluster_group_id)"""
    )


async def part(db: Database, user_id: UUID) -> None:
    """A user's people are no longer the same humans as those of others."""
    shared = await db.fetch(
        """SELECT id FROM person WHERE owner_id = $1 AND EXISTS (
             SELECT FROM person AS other WHERE other.identity_id = person.identity_id AND other.owner_id <> $1)""",
        user_id,
    )
    held = await people_store.hold(db, [row["id"] for row in shared])
    await db.execute("UPDATE person SET identity_id = gen_random_uuid() WHERE id = ANY($1::uuid[])", list(held))
