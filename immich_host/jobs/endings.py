"""The statements that end a run; each takes over what earlier failures of the same still owe."""

from dataclasses import dataclass
from uuid import UUID

from immich_host.jobs.store import Run
from immich_host.plugin_api.database import Database


@dataclass(frozen=True, slots=True)
class Made:
    """The result of a run: of which asset, and by which recipe; None where there is none."""

    asset_id: UUID
    recipe_id: int | None


@dataclass(frozen=True, slots=True)
class Owed:
    """A milestone that is not told yet, and what is told with it."""

    milestone: str
    cause: str
    owner_id: UUID | None


@dataclass(frozen=True, slots=True)
class Finished:
    """How `finish` went; `owed` is the one milestone to tell in the same transaction, if any."""

    is_finished: bool
    is_noted: bool
    owed: Owed | None


# A run that is not ours any more must not take the failures with it, as it tells nothing.
_DEAD = """
DELETE FROM job_request AS old USING mine
WHERE old.job = $3 AND old.unique_key = $4 AND old.failed_at IS NOT NULL AND old.id <> mine.id
RETURNING old.id, old.chain, old.provides, old.cause, old.owner_id
"""

# A failure that was passed through has lost its chain.
_OWED = "SELECT provides, cause, owner_id FROM dead WHERE chain AND provides IS NOT NULL ORDER BY id DESC LIMIT 1"

_FINISH = f"""
WITH mine AS (DELETE FROM job_request WHERE id = $1 AND attempts = $2 RETURNING id), dead AS ({_DEAD}),
     noted AS ({{}}), owed AS ({_OWED})
SELECT EXISTS (SELECT FROM mine) AS is_finished, EXISTS (SELECT FROM noted) AS is_noted, owed.*
FROM (VALUES (1)) AS one LEFT JOIN owed ON true
"""  # noqa: S608 - constants

_NO_RESULT = "SELECT WHERE false"

# The asset may be erased at this moment: its lock is taken first, as erasing does.
_NOTED = """
INSERT INTO job_result (asset_id, job, recipe_id)
SELECT asset.id, $3, recipe.id FROM mine, asset, job_recipe AS recipe
WHERE asset.id = $5 AND recipe.id = $6 FOR KEY SHARE OF asset
ON CONFLICT (asset_id, job) DO UPDATE SET recipe_id = excluded.recipe_id, finished_at = excluded.finished_at
RETURNING 1
"""

_NOT_NOTED = "DELETE FROM job_result USING mine WHERE asset_id = $5 AND job = $3 RETURNING 1"


async def finish(db: Database, run: Run, made: Made | None = None) -> Finished:
    """Delete the row and what earlier failures of the same left, and note what made the result.

    Not finished where another run took over. An asset that is gone has no result.
    """
    own = [run.id, run.attempts, run.job, run.unique_key]
    if made is None:
        row = await db.fetchrow(_FINISH.format(_NO_RESULT), *own)
    elif made.recipe_id is None:
        row = await db.fetchrow(_FINISH.format(_NOT_NOTED), *own, made.asset_id)
    else:
        row = await db.fetchrow(_FINISH.format(_NOTED), *own, made.asset_id, made.recipe_id)
    if row is None or not row["is_finished"]:
        return Finished(is_finished=False, is_noted=False, owed=None)
    if run.chain and run.provides:
        owed = Owed(run.provides, run.cause, run.owner_id)
    else:
        owed = Owed(row["provides"], row["cause"], row["owner_id"]) if row["provides"] else None
    return Finished(is_finished=True, is_noted=row["is_noted"], owed=owed)


async def forget(db: Database, run: Run) -> None:
    """Delete the row alone, as its run came to no end: earlier failures of the same stay."""
    await db.execute("DELETE FROM job_request WHERE id = $1 AND attempts = $2", run.id, run.attempts)


async def fail(db: Database, run: Run, error: str, *, passed: bool) -> bool:
    """Keep the row as a dead letter; an older one of the same goes, and what it owes is owed by this one.

    With `passed` its milestone is told all the same. False where another run took over.
    """
    return await db.fetchval(
        f"""
        WITH mine AS (SELECT id FROM job_request WHERE id = $1 AND attempts = $2 FOR UPDATE), dead AS ({_DEAD}),
             owed AS ({_OWED})
        UPDATE job_request AS run
        SET failed_at = now(), error = $5, chain = (run.chain AND NOT $6) OR owed.provides IS NOT NULL,
            provides = coalesce(owed.provides, run.provides), cause = coalesce(owed.cause, run.cause),
            owner_id = coalesce(owed.owner_id, run.owner_id)
        FROM mine LEFT JOIN owed ON NOT $7 WHERE run.id = mine.id RETURNING true
        """,  # noqa: S608 - constants
        run.id, run.attempts, run.job, run.unique_key, error, passed, bool(run.chain and run.provides),
    ) is True  # fmt: skip
