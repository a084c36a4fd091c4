"""Dynamic batching: what waits for a model goes into one run, whichever requests it is of.

Nothing is held back for a batch: an idle model runs what comes at once, and what comes meanwhile waits for that
run's end and goes together.
"""

import asyncio
import time
from collections import deque
from collections.abc import Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import structlog

from immich_inference.api import Runner
from immich_inference.batch_sizes import BatchSizes

log = structlog.get_logger("inference")


@dataclass(slots=True)
class _Waiting:
    item: Any
    group: Hashable
    result: "asyncio.Future[Any]"


class Batcher:
    """The queue of one loaded model. One run at a time: a run has all the cores."""

    def __init__(self, runner: Runner, max_batch: int, executor: Executor) -> None:
        self._runner = runner
        self._sizes = BatchSizes(max(1, max_batch))
        self._executor = executor
        self._waiting: deque[_Waiting] = deque()
        self._work: asyncio.Task[None] | None = None
        self.runs = 0
        """Runs so far."""
        self.items = 0
        """Items in them."""

    async def submit(self, items: Sequence[Any]) -> list[Any]:
        """Results of items, in their order; those not yet in a run are dropped when the caller is cancelled.

        Raises:
            Exception: What the model raises for one of the items alone.
        """
        loop = asyncio.get_running_loop()
        own = [_Waiting(item, self._runner.group(item), loop.create_future()) for item in items]
        self._waiting.extend(own)
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run_all())
        try:
            return await asyncio.gather(*[each.result for each in own])
        finally:
            for each in own:
                each.result.cancel()

    async def _run_all(self) -> None:
        while batch := self._next():
            await self._run(batch)

    def _next(self) -> list[_Waiting]:
        """The longest waiting item, with others of its group; the rest stays in its order."""
        wanted = [each for each in self._waiting if not each.result.done()]
        alike = [each for each in wanted if each.group == wanted[0].group]
        batch = alike[: self._sizes.limit(len(alike))]
        taken = {id(each) for each in batch}
        self._waiting = deque(each for each in wanted if id(each) not in taken)
        return batch

    async def _run(self, batch: list[_Waiting]) -> None:
        """Run a batch; where it fails, run each item alone, so that a bad one fails alone."""
        try:
            results = await self._in_thread([each.item for each in batch])
        except Exception as error:
            if len(batch) > 1:
                log.debug("a batch failed; its items are run alone", size=len(batch), error=str(error))
                for each in batch:
                    if not each.result.done():
                        await self._run([each])
            elif not batch[0].result.done():
                batch[0].result.set_exception(error)
            return
        for each, result in zip(batch, results, strict=True):
            if not each.result.done():
                each.result.set_result(result)

    async def _in_thread(self, items: list[Any]) -> Sequence[Any]:
        self.runs += 1
        self.items += len(items)
        results, seconds = await asyncio.get_running_loop().run_in_executor(self._executor, self._timed, items)
        self._sizes.ran(len(items), seconds)
        if len(results) != len(items):
            msg = f"{type(self._runner).__name__}.run gave {len(results)} results for {len(items)} items"
            raise ValueError(msg)
        return results

    def _timed(self, items: list[Any]) -> tuple[Sequence[Any], float]:
        started = time.perf_counter()
        return self._runner.run(items), time.perf_counter() - started
