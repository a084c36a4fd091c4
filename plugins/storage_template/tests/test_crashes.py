"""Processes that are killed at each step of a move, really; afterwards everything is as if nothing had been."""

import asyncio
import json
import os
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from immich_host.testing.waiting import PATIENCE

from .conftest import XMP, Library

DYING = Path(__file__).with_name("dying.py")
TEMPLATE = "{{y}}/{{filename}}"


class Dying:
    """Orders to the program that is killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, step: int = 0) -> dict[str, Any]:
        """Run all jobs in a process that dies at a step; 0 for never."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"step": step}).encode() + b"\n")
        answer = await asyncio.wait_for(self._process.stdout.readline(), PATIENCE)
        assert answer, "the program ended; see the captured output"
        return json.loads(answer)


@asynccontextmanager
async def dying(library: Library) -> AsyncIterator[Dying]:
    runtime = library.host.kernel.runtime
    process = await asyncio.create_subprocess_exec(
        sys.executable, DYING, str(runtime.database_url), str(runtime.redis_url), str(runtime.data),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Dying(process)
    finally:
        process.kill()
        await process.wait()


async def revive(library: Library) -> None:
    """Let the jobs of dead processes run again, as the sweep does when their beats have stopped."""
    await library.db.execute("UPDATE job_request SET started_at = NULL, beat_at = NULL")


async def is_readable(library: Library, asset_id: UUID, content: bytes) -> None:
    client = await library.host.client()
    answer = await client.get(f"/api/assets/{asset_id}/original")
    assert (answer.status_code, answer.content) == (200, content)
    sidecar = await library.sidecar(asset_id)
    assert sidecar is not None
    assert sidecar.read_bytes() == XMP


async def is_killed_everywhere(library: Library) -> None:
    """Killed at each step where `EVERY_STEP` is set, which takes minutes; else at every sixth, others each time."""
    stride = 1 if os.environ.get("EVERY_STEP") else 6
    chance = random.Random()
    await library.use(TEMPLATE)
    async with dying(library) as program:
        await library.host.upload(uuid4().bytes, sidecar=XMP)
        steps = (await program.run())["steps"]
        await library.check()
        assert steps > 60
        for step in range(chance.randint(1, stride), steps + 1, stride):
            content = uuid4().bytes * 1000
            asset_id = await library.host.upload(content, sidecar=XMP, name=f"{step}.jpg")
            assert (await program.run(step))["killed"]
            await is_readable(library, asset_id, content)
            await revive(library)
            await program.run(chance.randint(1, steps))  # and once more, on the way back
            await is_readable(library, asset_id, content)
            await revive(library)
            await library.host.drain()
            assert await library.below(asset_id) == f"2024/{step}.jpg", step
            await is_readable(library, asset_id, content)
            await library.check()


@pytest.mark.timeout(600)
async def test_killed_at_each_step(library: Library) -> None:
    await is_killed_everywhere(library)


@pytest.mark.timeout(600)
async def test_killed_at_each_step_on_the_way_to_another_device(apart: Library) -> None:
    await is_killed_everywhere(apart)
