"""Waiting for a database that is being started, so that those who need it need not be started again and again."""

import asyncio
import time

import asyncpg
import structlog

log = structlog.get_logger("db")

PATIENCE = 30.0
NEXT_TRY = 0.2


async def until_reachable(url: str, patience: float = PATIENCE) -> None:
    """Return as soon as the server takes connections; after `patience` seconds in any case.

    Whatever else is wrong (password, name of the database) is left to who connects next.
    """
    ends = time.monotonic() + patience
    told = False
    while time.monotonic() < ends:
        try:
            connection = await asyncpg.connect(url)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError) as error:
            if not told:
                log.warning("the database is away; waiting for it", error=str(error))
            told = True
            await asyncio.sleep(NEXT_TRY)
        except asyncpg.PostgresError:
            return
        else:
            await connection.close()
            return
