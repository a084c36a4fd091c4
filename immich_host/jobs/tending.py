"""Care for runs that last: signs of life, how far they are, and ending those that nobody wants any more."""

import time
from collections.abc import Sequence
from uuid import UUID

from immich_host.jobs import store
from immich_host.jobs.context import Context, Stop
from immich_host.jobs.registry import Registry
from immich_host.plugin_api.database import Database

OFF_SECONDS = 10.0
"""How long runs of a plugin may go on after it was switched off; short ones finish."""


class Tending:
    """Called again and again with the runs of this process that have lasted a moment."""

    def __init__(self, db: Database, registry: Registry) -> None:
        self._db = db
        self._registry = registry

    async def tend(self, runs: Sequence[Context]) -> None:
        """Say that these runs are alive and how far they are; end those that are wanted no longer."""
        mine = await store.beat(self._db, [(one.run.id, one.run.attempts, one.told) for one in runs])
        there = await self._existing({one.asset_id for one in runs if one.asset_id is not None})
        for one in runs:
            why = self._why(one, mine.get(one.run.id), is_there=one.asset_id in there)
            if why is not None:
                one.stop(why)

    def _why(self, run: Context, is_cancelled: bool | None, *, is_there: bool) -> Stop | None:
        if is_cancelled is None:
            return Stop.TAKEN
        if is_cancelled:
            return Stop.CANCELLED
        if run.asset_seen and not is_there:  # one that was never there is the job's own affair
            return Stop.ERASED
        run.asset_seen = is_there
        known = self._registry.get(run.job)
        if known is not None and known.enabled:
            run.off_since = None
            return None
        run.off_since = run.off_since or time.monotonic()
        return Stop.OFF if time.monotonic() - run.off_since >= OFF_SECONDS else None

    async def is_erased(self, run: Context) -> bool:
        """Whether the run's asset was there once and is no more."""
        return run.asset_id is not None and await self._db.fetchval(
            """SELECT NOT EXISTS (SELECT FROM asset WHERE id = $1)
                      AND EXISTS (SELECT FROM asset_audit WHERE asset_id = $1)""",
            run.asset_id,
        )

    async def _existing(self, asset_ids: set[UUID]) -> set[UUID]:
        if not asset_ids:
            return set()
        rows = await self._db.fetch("SELECT id FROM asset WHERE id = ANY($1)", list(asset_ids))
        return {row["id"] for row in rows}
