"""How fast queues get on: what ended is counted in memory, and added to one row a queue now and then."""

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from immich_host.plugin_api.database import Database

TAU = 60.0
"""Seconds after which a run counts for the rate only 37 % of a new one."""

_STEADY = 10.0
"""As many recent runs tell the rate; from fewer the average since the start is taken."""

PAUSE = 10.0
"""A queue that was empty for so many seconds begins anew."""

# A queue is over when nothing of it is due; a short gap, as between uploads, does not count.
_ADD = """
INSERT INTO queue_run AS run (name, since, last_at, done, failed, rate, is_over)
SELECT name, now() - seconds * interval '1 second', now(), done, failed, (done + failed) / $5,
       NOT EXISTS (SELECT FROM job_request WHERE queue = name AND failed_at IS NULL AND run_at <= now())
FROM unnest($1::text[], $2::int[], $3::int[], $4::float8[]) AS ended (name, done, failed, seconds) ORDER BY name
ON CONFLICT (name) DO UPDATE SET (since, last_at, done, failed, rate, is_over) = (
  SELECT CASE WHEN anew THEN excluded.since ELSE run.since END,
         now(),
         excluded.done + CASE WHEN anew THEN 0 ELSE run.done END,
         excluded.failed + CASE WHEN anew THEN 0 ELSE run.failed END,
         excluded.rate + CASE WHEN anew THEN 0 ELSE run.rate * exp(-extract(epoch FROM now() - run.last_at) / $5) END,
         excluded.is_over
  FROM (SELECT run.is_over AND run.last_at < now() - $6 * interval '1 second' AS anew) AS before)
"""


@dataclass(slots=True)
class _Ended:
    done: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Run:
    """A queue since it was last empty; `rate` is in jobs a second."""

    since: datetime
    done: int
    failed: int
    rate: float


class Pace:
    """Of all processes together."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ended: dict[str, _Ended] = {}

    def count(self, queue: str, began: float, *, failed: bool) -> None:
        """A run that began at `began`, by the monotonic clock, has ended."""
        ended = self._ended.setdefault(queue, _Ended())
        ended.began = min(ended.began, began)
        if failed:
            ended.failed += 1
        else:
            ended.done += 1

    async def flush(self) -> None:
        """Add what has ended to the queues' rows."""
        if not self._ended:
            return
        ended, self._ended = self._ended, {}
        now = time.monotonic()
        await self._db.execute(
            _ADD,
            list(ended),
            [one.done for one in ended.values()],
            [one.failed for one in ended.values()],
            [now - one.began for one in ended.values()],
            TAU,
            PAUSE,
        )

    async def read(self) -> dict[str, Run]:
        """How every queue that has ever worked gets on."""
        rows = await self._db.fetch("SELECT name, since, last_at, done, failed, rate, now() AS now FROM queue_run")
        return {row["name"]: _run(row) for row in rows}


def _run(row: Any) -> Run:
    lasted = max((row["now"] - row["since"]).total_seconds(), 0.001)
    recent = row["rate"] * math.exp(-(row["now"] - row["last_at"]).total_seconds() / TAU)
    since_then = (row["done"] + row["failed"]) / lasted
    rate = recent / (1 - math.exp(-lasted / TAU)) if recent * TAU >= _STEADY else since_then
    return Run(row["since"].astimezone(UTC), row["done"], row["failed"], rate)
