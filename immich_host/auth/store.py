"""Every query for sessions and API keys."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from immich_host.auth.devices import Device
from immich_host.auth.tables import ApiKey, Session
from immich_host.plugin_api.database import Database
from immich_host.users.store import changed

IDLE_DAYS: Final = 90
"""Days without a request after which a session is dead."""

type Row = Mapping[str, Any]

_SESSION = """
SELECT session.id, session.user_id, session.expires_at, session.updated_at, session.pin_expires_at,
  session.app_version, "user".email, "user".name, "user".is_admin
FROM session JOIN "user" ON "user".id = session.user_id
WHERE session.token = $1 AND "user".deleted_at IS NULL
"""
_KEY = """
SELECT api_key.id, api_key.user_id, api_key.permissions, "user".email, "user".name, "user".is_admin
FROM api_key JOIN "user" ON "user".id = api_key.user_id
WHERE api_key.key = $1 AND "user".deleted_at IS NULL
"""


async def session_of_token(db: Database, token: bytes) -> Row | None:
    """The session behind a token's digest with its user, who is not deleted; it may have expired."""
    return await db.fetchrow(_SESSION, token)


async def key_of_secret(db: Database, secret: bytes) -> Row | None:
    """The API key behind a secret's digest with its user, who is not deleted."""
    return await db.fetchrow(_KEY, secret)


# --- sessions -----------------------------------------------------------------------------------


async def create_session(
    db: Database,
    user_id: UUID,
    token: bytes,
    device: Device,
    *,
    parent_id: UUID | None = None,
    lifetime: timedelta | None = None,
) -> Row:
    """A new session; with `lifetime` it dies after that, used or not."""
    rows = await db.fetch(
        "INSERT INTO session (user_id, token, device_type, device_os, app_version, parent_id, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, now() + $7::interval) RETURNING *",
        user_id,
        token,
        device.type,
        device.os,
        device.app_version,
        parent_id,
        lifetime,
    )
    return rows[0]


async def sessions_of(user_id: UUID) -> Sequence[Row]:
    """A user's living sessions, the latest used first."""
    return await (
        Session.select()
        .where((Session.user_id == user_id) & _alive())
        .order_by(Session.updated_at, ascending=False)
        .order_by(Session.created_at, ascending=False)
    )


def _alive() -> Any:
    now = datetime.now(UTC)
    fresh = Session.updated_at > now - timedelta(days=IDLE_DAYS)
    return fresh & (Session.expires_at.is_null() | (Session.expires_at > now))


async def session(user_id: UUID, session_id: UUID) -> Row | None:
    """A living session of this user."""
    mine = (Session.id == session_id) & (Session.user_id == user_id)
    return await Session.select().where(mine & _alive()).first()


async def update_session(session_id: UUID, **columns: Any) -> None:
    """Set columns of a session; that also counts as using it."""
    await Session.update({**columns}).where(Session.id == session_id)
    changed(session_id)


async def note_use(db: Database, session_id: UUID, device: Device | None, unlocked_until: datetime | None) -> None:
    """Note that a session was used: by which device, and that it stays unlocked, if it still is."""
    await db.execute(
        """
        UPDATE session SET
          device_type = coalesce($2, device_type), device_os = coalesce($3, device_os),
          app_version = coalesce($4, app_version),
          pin_expires_at = CASE WHEN pin_expires_at > now() THEN greatest(pin_expires_at, $5) ELSE pin_expires_at END
        WHERE id = $1
        """,
        session_id,
        device.type if device else None,
        device.os if device else None,
        device.app_version if device else None,
        unlocked_until,
    )


async def delete_session(user_id: UUID, session_id: UUID) -> bool:
    """End a session of this user and its children; False if there is none such."""
    gone = await Session.delete().where((Session.id == session_id) & (Session.user_id == user_id)).returning(Session.id)
    changed(user_id)
    return bool(gone)


async def delete_sessions(db: Database, user_id: UUID, *, but: UUID | None = None) -> None:
    """End all sessions of a user, but one (and the one that it is a child of, else it would go too)."""
    await db.execute(
        "DELETE FROM session WHERE user_id = $1 AND id IS DISTINCT FROM $2"
        " AND id NOT IN (SELECT parent_id FROM session WHERE id = $2 AND parent_id IS NOT NULL)",
        user_id,
        but,
    )
    changed(user_id)


async def lock_all(user_id: UUID) -> None:
    """End the elevation of all sessions of a user."""
    locked: dict[Any, Any] = {Session.pin_expires_at: None}
    await Session.update(locked).where((Session.user_id == user_id) & Session.pin_expires_at.is_not_null() & _alive())
    changed(user_id)


async def delete_dead_sessions(db: Database) -> int:
    """Delete sessions that have expired or lain idle; returns how many."""
    done = await db.execute(
        "DELETE FROM session WHERE expires_at <= now() OR updated_at <= now() - make_interval(days => $1)", IDLE_DAYS
    )
    return int(done.rsplit(" ", 1)[-1])


# --- API keys -----------------------------------------------------------------------------------


async def create_key(db: Database, user_id: UUID, name: str, secret: bytes, permissions: Sequence[str]) -> Row:
    """A new API key."""
    rows = await db.fetch(
        "INSERT INTO api_key (user_id, name, key, permissions) VALUES ($1, $2, $3, $4) RETURNING *",
        user_id,
        name,
        secret,
        list(permissions),
    )
    return rows[0]


async def keys_of(user_id: UUID) -> Sequence[Row]:
    """A user's API keys, the newest first."""
    return await ApiKey.select().where(ApiKey.user_id == user_id).order_by(ApiKey.created_at, ascending=False)


async def key(user_id: UUID, key_id: UUID) -> Row | None:
    """An API key of this user."""
    return await ApiKey.select().where((ApiKey.id == key_id) & (ApiKey.user_id == user_id)).first()


async def update_key(key_id: UUID, **columns: Any) -> None:
    """Set columns of an API key."""
    await ApiKey.update({**columns}).where(ApiKey.id == key_id)
    changed(key_id)


async def delete_key(user_id: UUID, key_id: UUID) -> bool:
    """Revoke an API key of this user; False if there is none such."""
    gone = await ApiKey.delete().where((ApiKey.id == key_id) & (ApiKey.user_id == user_id)).returning(ApiKey.id)
    changed(key_id)
    return bool(gone)
