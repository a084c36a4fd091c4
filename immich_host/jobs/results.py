"""What made each asset's result of a job, and which results would be made differently now."""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel

from immich_host.jobs import endings
from immich_host.jobs.endings import Finished, Made
from immich_host.jobs.registry import Known, Registry
from immich_host.jobs.store import Run
from immich_host.plugin_api import Host, Outcome
from immich_host.plugin_api.database import Database

log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What results of a job depend on, in the present."""

    job: str
    version: str
    fingerprint: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How many results a job has, and how many of them are stale; `made_by` is what it goes by now."""

    job: str
    queue: str
    results: int
    stale: int
    made_by: dict[str, Any]


class Results:
    """Kept for jobs that say what they go by (`Job.made_by`), one row for each asset and job."""

    def __init__(
        self, db: Database, registry: Registry, host: Callable[[], Host], version: Callable[[str], str]
    ) -> None:
        """`version` gives that of a plugin; `host` is asked when a job says what it goes by."""
        self._db = db
        self._registry = registry
        self._host = host
        self._version = version
        self._ids: dict[Recipe, int] = {}

    def recipe(self, known: Known, host: Host | None = None) -> Recipe | None:
        """What results of the job are made by now; None where the job does not say."""
        if known.job.made_by is None:
            return None
        made_by = orjson.dumps(
            dict(known.job.made_by(host or self._host())), default=_plain, option=orjson.OPT_SORT_KEYS
        )
        fingerprint = hashlib.blake2b(made_by, digest_size=12).hexdigest()
        return Recipe(known.name, self._version(known.plugin), fingerprint, made_by.decode())

    async def finish(self, run: Run, recipe: Recipe, outcome: Outcome) -> Finished:
        """Delete the row of a run and note its result, or forget the older one where it was skipped."""
        asset_id: UUID = run.arguments["asset_id"]
        is_done = outcome is Outcome.DONE
        end = await endings.finish(self._db, run, Made(asset_id, await self._id(recipe) if is_done else None))
        if end.is_finished and is_done and not end.is_noted:  # what was made is gone, or a purge took the recipe
            self._ids.pop(recipe, None)  # another run that ended at the same time may have done it
            await self._note(asset_id, recipe)
        return end

    async def _note(self, asset_id: UUID, recipe: Recipe) -> None:
        await self._db.execute(
            """INSERT INTO job_result (asset_id, job, recipe_id)
               SELECT id, $2, $3 FROM asset WHERE id = $1 FOR KEY SHARE
               ON CONFLICT (asset_id, job) DO UPDATE
               SET recipe_id = excluded.recipe_id, finished_at = excluded.finished_at""",
            asset_id,
            recipe.job,
            await self._id(recipe),
        )

    async def _id(self, recipe: Recipe) -> int:
        known = self._ids.get(recipe)
        if known is None:
            known = self._ids[recipe] = await self._db.fetchval(
                """INSERT INTO job_recipe AS there (job, version, fingerprint, made_by) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (job, fingerprint, version) DO UPDATE SET job = there.job RETURNING id""",
                recipe.job,
                recipe.version,
                recipe.fingerprint,
                recipe.made_by,
            )
        return known

    async def stale(self, known: Known) -> AsyncIterator[UUID]:
        """Assets, not in the trash, whose result was made by something else than now."""
        recipe = self.recipe(known)
        if recipe is None:
            return
        rows = self._db.stream(
            """SELECT result.asset_id FROM job_result AS result JOIN job_recipe AS recipe ON recipe.id = recipe_id
               JOIN asset ON asset.id = result.asset_id
               WHERE result.job = $1 AND recipe.fingerprint <> $2 AND deleted_at IS NULL ORDER BY result.asset_id""",
            recipe.job,
            recipe.fingerprint,
        )
        async for row in rows:
            yield row["asset_id"]

    async def standings(self, host: Host | None = None) -> list[Standing]:
        """The enabled jobs that say what they go by, with their numbers; one pass over all results."""
        recipes = self._recipes(host)
        rows = await self._db.fetch(
            """SELECT result.job, recipe.fingerprint, sum(amount)::bigint AS amount FROM (
                 SELECT job, recipe_id, count(*) AS amount FROM job_result JOIN asset ON asset.id = asset_id
                 WHERE deleted_at IS NULL AND job = ANY($1) GROUP BY 1, 2) AS result
               JOIN job_recipe AS recipe ON recipe.id = recipe_id GROUP BY 1, 2""",
            [recipe.job for recipe in recipes.values()],
        )
        found: list[Standing] = []
        for known, recipe in recipes.items():
            mine = [row for row in rows if row["job"] == recipe.job]
            stale = sum(row["amount"] for row in mine if row["fingerprint"] != recipe.fingerprint)
            total = sum(row["amount"] for row in mine)
            found.append(Standing(known.name, known.job.queue, total, stale, orjson.loads(recipe.made_by)))
        return found

    def _recipes(self, host: Host | None) -> dict[Known, Recipe]:
        found: dict[Known, Recipe] = {}
        for known in self._registry.all():
            try:
                recipe = self.recipe(known, host) if known.enabled else None
            except Exception:  # its runs fail with it; the others can be told all the same
                log.exception("a job cannot say what its results depend on", job=known.name)
                continue
            if recipe is not None:
                found[known] = recipe
        return found


async def forget_results(db: Database, plugin: str) -> None:
    """Forget what made a plugin's results, as it is purged."""
    for table in ("job_result", "job_recipe"):
        await db.execute(f"DELETE FROM {table} WHERE starts_with(job, $1)", f"{plugin}.")  # noqa: S608 - constants


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)
