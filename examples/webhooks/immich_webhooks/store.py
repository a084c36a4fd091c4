"""Every statement of this plugin."""

from collections.abc import Sequence
from uuid import UUID

from immich_host.plugin_api.database import Database, Row

_ENDPOINT = "id, url, facts, all_users, is_enabled, created_at"
_DELIVERY = "id, endpoint_id, fact, status, attempts, answer_status, error, milliseconds, created_at, tried_at, payload"


async def endpoints(db: Database, owner_id: UUID) -> list[Row]:
    """An owner's endpoints, without their secrets."""
    return await db.fetch(
        f"SELECT {_ENDPOINT} FROM webhooks_endpoint WHERE owner_id = $1 ORDER BY created_at, id", owner_id
    )


async def add(db: Database, owner_id: UUID, url: str, secret: str, facts: Sequence[str], *, all_users: bool) -> Row:
    """A new endpoint."""
    return await db.fetchrow(
        f"""INSERT INTO webhooks_endpoint (owner_id, url, secret, facts, all_users) VALUES ($1, $2, $3, $4, $5)
            RETURNING {_ENDPOINT}""",
        owner_id, url, secret, list(facts), all_users,
    )  # fmt: skip


async def change(
    db: Database, owner_id: UUID, endpoint_id: UUID, *, url: str | None, facts: Sequence[str] | None,
    is_enabled: bool | None, secret: str | None,
) -> Row | None:  # fmt: skip
    """Change what is not None; None where it is not the owner's."""
    return await db.fetchrow(
        f"""UPDATE webhooks_endpoint SET url = coalesce($3, url), facts = coalesce($4, facts),
              is_enabled = coalesce($5, is_enabled), secret = coalesce($6, secret)
            WHERE owner_id = $1 AND id = $2 RETURNING {_ENDPOINT}""",
        owner_id, endpoint_id, url, None if facts is None else list(facts), is_enabled, secret,
    )  # fmt: skip


async def remove(db: Database, owner_id: UUID, endpoint_id: UUID) -> bool:
    """Delete an endpoint with its log; False where it is not the owner's."""
    sql = "DELETE FROM webhooks_endpoint WHERE owner_id = $1 AND id = $2"
    return await db.execute(sql, owner_id, endpoint_id) == "DELETE 1"


async def listeners(db: Database, fact: str, owner_id: UUID) -> list[UUID]:
    """Endpoints that want this fact of this owner; those of demoted administrators hear no others."""
    rows = await db.fetch(
        """SELECT e.id FROM webhooks_endpoint e JOIN "user" u ON u.id = e.owner_id
           WHERE e.is_enabled AND $1 = ANY(e.facts) AND u.deleted_at IS NULL
             AND (e.owner_id = $2 OR (e.all_users AND u.is_admin)) ORDER BY e.id""",
        fact, owner_id,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def log(db: Database, endpoint_id: UUID, fact: str, payload: str) -> UUID:
    """Note a delivery that is to be made."""
    return await db.fetchval(
        "INSERT INTO webhooks_delivery (endpoint_id, fact, payload) VALUES ($1, $2, $3::jsonb) RETURNING id",
        endpoint_id, fact, payload,
    )  # fmt: skip


async def due(db: Database, delivery_id: UUID) -> Row | None:
    """A delivery that waits, with its endpoint; None where it is over or gone."""
    return await db.fetchrow(
        """SELECT d.id, d.fact, d.payload, d.attempts, d.created_at, e.url, e.secret, e.is_enabled, u.is_admin
           FROM webhooks_delivery d JOIN webhooks_endpoint e ON e.id = d.endpoint_id
           JOIN "user" u ON u.id = e.owner_id WHERE d.id = $1 AND d.status = 'waiting'""",
        delivery_id,
    )


async def tried(
    db: Database, delivery_id: UUID, status: str, *, answer: int | None, error: str | None, milliseconds: int
) -> None:
    """Note how a try went."""
    await db.execute(
        """UPDATE webhooks_delivery SET status = $2, answer_status = $3, error = $4, milliseconds = $5,
             attempts = attempts + 1, tried_at = now() WHERE id = $1""",
        delivery_id, status, answer, error, milliseconds,
    )  # fmt: skip


async def deliveries(db: Database, owner_id: UUID, endpoint_id: UUID, limit: int) -> list[Row]:
    """The log of an owner's endpoint, the newest first."""
    return await db.fetch(
        f"""SELECT {_DELIVERY} FROM webhooks_delivery WHERE endpoint_id =
              (SELECT id FROM webhooks_endpoint WHERE id = $2 AND owner_id = $1)
            ORDER BY created_at DESC, id LIMIT $3""",
        owner_id, endpoint_id, limit,
    )  # fmt: skip


async def wait_again(db: Database, owner_id: UUID, delivery_id: UUID) -> bool:
    """Put a delivery back to waiting, with all its tries; False where it is not the owner's."""
    done = await db.execute(
        """UPDATE webhooks_delivery d SET status = 'waiting', attempts = 0 FROM webhooks_endpoint e
           WHERE e.id = d.endpoint_id AND e.owner_id = $1 AND d.id = $2""",
        owner_id, delivery_id,
    )  # fmt: skip
    return done == "UPDATE 1"


async def forget_old(db: Database, days: int) -> None:
    """Drop what is over and older than this from the log."""
    await db.execute(
        """DELETE FROM webhooks_delivery
           WHERE status <> 'waiting' AND coalesce(tried_at, created_at) < now() - make_interval(days => $1)""",
        days,
    )
