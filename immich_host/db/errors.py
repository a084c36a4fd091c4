"""What PostgreSQL says of values that only a client can have sent."""

from typing import Final

import asyncpg

_UNSTORABLE: Final = {
    asyncpg.CharacterNotInRepertoireError: "Text must not contain the character U+0000",
    asyncpg.UntranslatableCharacterError: "Text must not contain the character U+0000",
    asyncpg.ProgramLimitExceededError: "A text is too long",
}


def unstorable(error: Exception) -> str | None:
    """Why the database cannot hold what a request brought, for its client; None for every other error."""
    return next((text for kind, text in _UNSTORABLE.items() if isinstance(error, kind)), None)
