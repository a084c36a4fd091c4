"""Embeddings a second with and without batching, and what decoding once for several tasks saves.

All ways are run in turns in one process, on the models that come with the server; medians of the rounds. Load on
the machine blurs the time that passes and hardly the CPU time, so both are shown.
"""

import argparse
import asyncio
import io
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from PIL import Image
from skimage import data

from immich_host.hosting import Hosting
from immich_inference.api import Ask, Model, Step
from immich_inference.engine import Engine
from immich_inference.loaded import Limits
from immich_inference.registry import Registry
from immich_inference.sessions import Running

PICTURES = data.astronaut, data.chelsea, data.coffee, data.rocket, data.retina, data.immunohistochemistry
WORDS = (
    "a cat",
    "a rocket at night",
    "a cup of coffee",
    "an astronaut",
    "two people on a beach",
    "snow",
    "a map",
    "a car",
)
QUIET = False
SIDE = 1440
"""The longer side of pictures, as of previews."""
VISUAL, TEXTUAL = Ask("clip", "visual", "starter"), Ask("clip", "textual", "starter")
SEVERAL = VISUAL, Ask("duplicate-detection", "visual", "starter")

type Way = Callable[[], Awaitable[Any]]


def previews() -> list[bytes]:
    """JPEG files as large as previews."""
    found: list[bytes] = []
    for make in PICTURES:
        image = Image.fromarray(make()).convert("RGB")
        scale = SIDE / max(image.size)
        file = io.BytesIO()
        image.resize((round(image.width * scale), round(image.height * scale))).save(file, "JPEG", quality=80)
        found.append(file.getvalue())
    return found


def engine(threads: int, max_batch: int | None) -> Engine:
    """On what is installed; with batches of at most so many."""
    hosting = Hosting(["inference", "starter_models", "duplicates"])

    def brought(hook: str) -> Mapping[str, Sequence[Step | Model]]:
        found = hosting.brought(hook)
        if hook == "inference_tasks" and max_batch:
            return {name: [replace(step, max_batch=max_batch) for step in steps] for name, steps in found.items()}
        return found

    limits = Limits(4 << 30, 0)
    return Engine(Registry(brought, lambda: Path("absent")), Running(threads=threads), lambda: limits)


async def one_after_the_other(work: Sequence[Callable[[], Awaitable[Any]]]) -> None:
    for each in work:
        await each()


async def at_once(work: Sequence[Callable[[], Awaitable[Any]]]) -> None:
    await asyncio.gather(*[each() for each in work])


async def measured(ways: Mapping[str, Way], rounds: int, count: int) -> dict[str, tuple[float, float]]:
    """Way -> milliseconds that passed and of CPU, for each of `count` items; the first round does not count."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            await way()
            found[name].append(((time.perf_counter() - wall) / count * 1e3, (time.process_time() - cpu) / count * 1e3))
    return {
        name: (statistics.median(w for w, _ in times[1:]), statistics.median(c for _, c in times[1:]))
        for name, times in found.items()
    }


FOUND: dict[str, Mapping[str, tuple[float, float]]] = {}
"""Table -> way -> milliseconds that passed and of CPU, for --json."""


def show(title: str, found: Mapping[str, tuple[float, float]]) -> None:
    FOUND[title] = found
    if QUIET:
        return
    base_wall, base_cpu = next(iter(found.values()))
    print(f"\n{title}\n  {'':38} ms each   ratio   CPU ms   ratio")
    for name, (wall, cpu) in found.items():
        print(f"  {name:38} {wall:7.1f} {base_wall / wall:7.2f} {cpu:8.1f} {base_cpu / cpu:7.2f}")


async def batching(threads: int, rounds: int, count: int) -> None:
    alone, together = engine(threads, 1), engine(threads, None)
    files = [content for _, content in zip(range(count), previews() * count, strict=False)]
    words = [text for _, text in zip(range(count), WORDS * count, strict=False)]

    def pictures(of: Engine) -> list[Way]:
        return [lambda file=file: of.predict([VISUAL], image=file) for file in files]

    def texts(of: Engine) -> list[Way]:
        return [lambda text=text: of.predict([TEXTUAL], text=text) for text in words]

    for title, work in (("pictures, decoded before", pictures), ("texts", texts)):
        ways: dict[str, Way] = {
            "one request after the other": lambda work=work: one_after_the_other(work(alone)),
            f"{count} at once, one in a run": lambda work=work: at_once(work(alone)),
            f"{count} at once, batches": lambda work=work: at_once(work(together)),
        }
        show(title, await measured(ways, rounds, count))
    runs = {each.key[2]: each.batcher.items / each.batcher.runs for each in together.pool.loaded}
    if not QUIET:
        print("  items in a run: " + ", ".join(f"{kind} {size:.1f}" for kind, size in runs.items()))

    async def undecoded(of: Engine, way: Callable[[Sequence[Way]], Awaitable[None]]) -> None:
        of.pictures.clear()
        await way(pictures(of))

    ways = {
        "one request after the other": lambda: undecoded(alone, one_after_the_other),
        f"{count} at once, one in a run": lambda: undecoded(alone, at_once),
        f"{count} at once, batches": lambda: undecoded(together, at_once),
    }
    show("pictures, from the encoded file", await measured(ways, rounds, count))
    alone.close()
    together.close()


async def decoding(threads: int, rounds: int) -> None:
    running = engine(threads, None)
    files = previews()

    async def each() -> None:
        for file in files:
            for ask in SEVERAL:
                running.pictures.clear()
                await running.predict([ask], image=file)

    async def once() -> None:
        for file in files:
            running.pictures.clear()
            await running.predict(SEVERAL, image=file)

    async def kept() -> None:
        running.pictures.clear()
        for file in files:
            for ask in SEVERAL:
                await running.predict([ask], image=file)

    ways = {"decoded for each task": each, "two calls that come close together": kept, "one call": once}
    show("two tasks on a picture", await measured(ways, rounds, len(files)))
    running.close()


async def main(threads: int, rounds: int, count: int) -> None:
    await batching(threads, rounds, count)
    await decoding(threads, rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="of one run; 1 is what a job process has on 2 cores")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=24, help="requests of a round")
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args()
    QUIET = given.json
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(given.threads, given.rounds, given.count))
    if QUIET:
        print(json.dumps(FOUND))
