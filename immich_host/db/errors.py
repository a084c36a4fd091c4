"""Errors of PostgreSQL that mean something to whoever sent the request."""

import asyncio
from typing import Final

import asyncpg

DATABASE_FAILS: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection at rest, when the server is killed
    asyncio.IncompleteReadError,  # a new one
)
"""Whatever a statement or a connection may raise where the database is at fault, or not there."""

_UNSTORABLE: Final = {
    asyncpg.CharacterNotInRepertoireError: "Text must not contain the character U+0000",
    asyncpg.UntranslatableCharacterError: "Text must not contain the character U+0000",
    asyncpg.ProgramLimitExceededError: "A text is too long",
}


def unstorable(error: Exception) -> str | None:
    """Why the database cannot hold what a request brought, for its client; None for every other error."""
    return next((text for kind, text in _UNSTORABLE.items() if isinstance(error, kind)), None)


_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncio.IncompleteReadError,
    ConnectionError,
)

UNAVAILABLE: Final = "The database is not available; try again in a moment"


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached just now."""
    return isinstance(error, _AWAY)
