"""Runs what is asked for: one decoded picture for all steps, those that need nothing first, then what needs them."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from immich_inference.api import Ask, Input, Output, Prediction, Step
from immich_inference.errors import BadInput, ModelBroken, NoModel
from immich_inference.layout import split_name
from immich_inference.loaded import Limits, Pool
from immich_inference.pictures import Pictures, decoded_size
from immich_inference.registry import Registry
from immich_inference.room import Room
from immich_inference.sessions import Running, Sessions

log = structlog.get_logger("inference")

DECODED = 512 << 20
"""Bytes of decoded pictures that are worked on at a time; others wait as they came."""
LEAST = DECODED // 32
"""Each counts as so many at least: what models are given of a small picture is no smaller."""


class Engine:
    """Models of this process. Belongs to one event loop; `close` it in the end."""

    def __init__(self, registry: Registry, running: Running, limits: Callable[[], Limits]) -> None:
        self.registry = registry
        self.running = running
        threads = os.process_cpu_count() or 1
        self._prepare = ThreadPoolExecutor(threads, "inference-prepare")
        self._run = ThreadPoolExecutor(threads, "inference-run")
        self.pictures = Pictures(self._prepare)
        self.pool = Pool(registry, Sessions(running), limits, self._prepare, self._run)
        self._room = Room(DECODED)

    async def predict(
        self, asks: Sequence[Ask], *, image: Path | bytes | None = None, text: str | None = None
    ) -> Prediction:
        """Run models on a picture or a text; a picture wins where both are given.

        Raises:
            BadInput: Neither, or one that cannot be used.
            NoModel: A task or model is not here.
            ModelBroken: A model's files cannot be loaded.
        """
        steps = [self.registry.find(ask.task, ask.type, ask.model).step for ask in asks]
        if image is None and text is None:
            msg = "neither a picture nor a text is given"
            raise BadInput(msg)
        if image is None:
            return Prediction(await self._all(asks, steps, Input(text=text)))
        size = await self._in_thread(decoded_size, image)
        async with self._room.take(max(LEAST, size)):
            picture = await self.pictures.get(image)
            values = await self._all(asks, steps, Input(image=picture.image))
            return Prediction(values, picture.image.width, picture.image.height)

    async def preload(self, names: Sequence[str]) -> None:
        """Load `task/model` or `task/model/type` before anybody asks; what cannot be loaded is logged."""
        known = self.registry.steps()
        for name in names:
            try:
                task, model, kind = split_name(name)
                for each in [kind] if kind else [other for of, other in known if of == task]:
                    async with self.pool.use(task, each, model):
                        pass
            except (NoModel, ModelBroken, ValueError) as error:
                log.warning("a model cannot be loaded beforehand", model=name, error=str(error))

    async def _all(self, asks: Sequence[Ask], steps: Sequence[Step], given: Input) -> dict[str, Output]:
        """Task -> output of its last type."""
        done: dict[tuple[str, str], Output] = {}
        values: dict[str, Output] = {}
        left = list(zip(asks, steps, strict=True))
        while left:
            ready = [pair for pair in left if pair[1].after is None or (pair[0].task, pair[1].after) in done]
            if not ready:
                ask, step = left[0]
                msg = f"{ask.task}: the type {ask.type} needs the output of the type {step.after}"
                raise BadInput(msg)
            left = [pair for pair in left if pair not in ready]
            outputs = await _together([self._one(ask, step, given, done) for ask, step in ready])
            for (ask, _), output in zip(ready, outputs, strict=True):
                done[ask.task, ask.type] = values[ask.task] = output
        return values

    async def _one(self, ask: Ask, step: Step, given: Input, done: dict[tuple[str, str], Output]) -> Output:
        if getattr(given, step.takes) is None:
            msg = f"{ask.task}: the type {ask.type} takes {_named(step.takes)}"
            raise BadInput(msg)
        if step.after is not None:
            given = Input(given.image, given.text, done[ask.task, step.after])
        async with self.pool.use(ask.task, ask.type, ask.model) as loaded:
            items = await self._in_thread(loaded.runner.prepare, given, ask.options)
            results = await loaded.batcher.submit(items)
            return await self._in_thread(loaded.runner.finish, given, ask.options, results)

    async def _in_thread[T](self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._prepare, function, *args)

    def close(self) -> None:
        """Let go of all models and pictures; what runs comes to its end, and the threads with it."""
        self.pool.close()
        self.pictures.clear()


async def _together(work: Sequence[Any]) -> list[Any]:
    """Results in order; the first failure cancels the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _named(takes: str) -> str:
    return "a picture" if takes == "image" else "a text"
