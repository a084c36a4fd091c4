"""The PIN that unlocks a session for a while, so that locked assets can be seen."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from immich_host.auth import store
from immich_host.plugin_api.database import Database
from immich_host.plugin_api.errors import Refused
from immich_host.users import store as users

UNLOCKED: Final = timedelta(minutes=15)

type Given = str | object
"""A secret of a request, or pydantic's MISSING."""


async def set_up(db: Database, user_id: UUID, pin: str) -> None:
    """Set the first PIN.

    Raises:
        Refused: 400 where there is one already.
    """
    if (await _account(db, user_id)).pin_code:
        raise Refused(400, "User already has a PIN code")
    await users.update(db, user_id, pin_code=await users.hash_secret(pin))


async def change(db: Database, user_id: UUID, new: str, *, pin: Given, password: Given) -> None:
    """Set another PIN, with the old one or the password as proof.

    Raises:
        Refused: 400 without a PIN or with a wrong proof.
    """
    await _prove(await _account(db, user_id), pin, password)
    await users.update(db, user_id, pin_code=await users.hash_secret(new))


async def remove(db: Database, user_id: UUID, *, pin: Given, password: Given) -> None:
    """Remove the PIN and lock every session.

    Raises:
        Refused: 400 without a PIN or with a wrong proof.
    """
    await _prove(await _account(db, user_id), pin, password)
    async with db.transaction():
        await users.update(db, user_id, pin_code=None)
        await store.lock_all(user_id)


async def unlock(db: Database, user_id: UUID, session_id: UUID, *, pin: Given, password: Given) -> None:
    """Unlock a session for a while.

    Raises:
        Refused: 400 without a PIN or with a wrong proof.
    """
    await _prove(await _account(db, user_id), pin, password)
    await store.update_session(session_id, pin_expires_at=datetime.now(UTC) + UNLOCKED)


async def _account(db: Database, user_id: UUID) -> users.UserRow:
    row = await users.find(db, user_id)
    if row is None:
        raise Refused(401, "Invalid user token")
    return row


async def _prove(row: users.UserRow, pin: Given, password: Given) -> None:
    if not row.pin_code:
        raise Refused(400, "User does not have a PIN code")
    if isinstance(password, str):
        if not await users.matches(password, row.password):
            raise Refused(400, "Wrong password")
    elif isinstance(pin, str):
        if not await users.matches(pin, row.pin_code):
            raise Refused(400, "Wrong PIN code")
    else:
        raise Refused(400, "Either password or pinCode is required")
