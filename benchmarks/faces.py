"""Faces: finding them in a photo, and telling 10,000 of them apart, by one worker process and by four.

Finding: CPU of both models on a preview of 1920 x 1440 with no face, one and six, on one thread; and what is lost by
looking at one size only. Telling apart: made-up people, some of whom look alike, come in parts of 250 faces while
real `immich-host work` processes tell apart what is there; what comes out has to be the same each time, and the same as
when all faces are there at once. Also what one more face costs once they are told apart, and one run by all.

    python benchmarks/faces.py [--faces N] [--people N] [--rounds N] [--json]
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from made_up_faces import Crowd, Place, place
from PIL import Image
from skimage import data

from immich_faces import inference_steps
from immich_faces.inference_steps import YUNET_SIDES, Detection, Recognition, load_detection, load_recognition
from immich_inference.api import Input
from immich_inference.sessions import Running, Sessions
from immich_starter_models.hooks import inference_models

PART = 250
WORKERS = (1, 4)

# --- finding


def photo(amount: int) -> Image.Image:
    """A preview with so many faces, of which one is small."""
    canvas = Image.fromarray(data.coffee()).resize((1920, 1440))
    face = Image.fromarray(data.astronaut()).crop((120, 0, 330, 230))
    for number in range(amount):
        side = 100 if number == 1 else 400
        canvas.paste(face.resize((side, side)), (20 + 460 * (number % 4), 20 + 460 * (number // 4)))
    return canvas


def cpu_ms(work: Callable[[], Any], rounds: int) -> float:
    """Median of CPU time; these machines are shared."""
    taken: list[float] = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - begin))
    return statistics.median(taken)


def finding(rounds: int) -> dict[str, Any]:
    """CPU ms a photo, and how many of the faces are found."""
    sessions = Sessions(Running(threads=1))
    (folder,) = [model.folder for model in inference_models() if model.task == "facial-recognition"]
    detector = load_detection(folder / "detection", sessions.open)
    recogniser = load_recognition(folder / "recognition", sessions.open)
    result: dict[str, Any] = {}
    for amount in (0, 1, 6):
        given = Input(image=photo(amount))
        found = detected(detector, given)
        result[f"faces_of_{amount}"] = len(found["boxes"])
        result[f"detection_{amount}_ms"] = cpu_ms(lambda given=given: detected(detector, given), rounds)
        if amount:
            second = Input(image=given.image, before=found)
            result[f"recognition_{amount}_ms"] = cpu_ms(lambda second=second: recognised(recogniser, second), rounds)
    given = Input(image=photo(6))
    for side in YUNET_SIDES:
        inference_steps.YUNET_SIDES = (side,)
        result[f"only_{side}_ms"] = cpu_ms(lambda: detected(detector, given), rounds)
        result[f"only_{side}_faces"] = len(detected(detector, given)["boxes"])
    inference_steps.YUNET_SIDES = YUNET_SIDES
    return result


def detected(detector: Detection, given: Input) -> dict[str, Any]:
    """As inference runs it."""
    return detector.finish(given, {"minScore": 0.7}, detector.run(detector.prepare(given, {})))


def recognised(recogniser: Recognition, given: Input) -> list[dict[str, Any]]:
    """Likewise, a second step."""
    return recogniser.finish(given, {}, recogniser.run(recogniser.prepare(given, {})))


# --- telling apart


async def telling_apart(faces: int, people: int) -> dict[str, Any]:
    """Seconds until everybody is told apart, by so many processes, and whether the same comes out."""
    crowd = Crowd.made_up(faces, people)
    result: dict[str, Any] = {"faces": faces, "people": people}
    outcomes: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="faces-") as folder:
        for amount in WORKERS:
            async with place(Path(folder) / str(amount)) as here:
                outcomes.append(await by_workers(here, crowd, amount, result))
                if amount == WORKERS[-1]:
                    result |= await one_more(here)
        async with place(Path(folder) / "at once") as here:
            await here.put_in(crowd)
            result |= await here.cluster(everything=True)
            outcomes.append(await here.together())
    result["people_found"] = len(outcomes[0])
    result["equal"] = all(outcome == outcomes[0] for outcome in outcomes)
    return result


async def by_workers(here: Place, crowd: Crowd, amount: int, result: dict[str, Any]) -> Any:
    """Faces come in parts while processes tell apart what is there."""
    with here.workers(amount) as processes:
        await here.ready(processes)
        begin, before = time.perf_counter(), here.cpu(processes)
        for part in crowd.parts(PART, seed=amount):
            await here.put_in(part)
            await here.ask()
            await here.look()
        result[f"arrived_{amount}_s"] = time.perf_counter() - begin
        await here.quiet()
        result[f"told_apart_{amount}_s"] = time.perf_counter() - begin
        result[f"cpu_{amount}_s"] = here.cpu(processes) - before
        result[f"runs_{amount}"] = len(here.runs)
    return await here.together()


async def one_more(here: Place) -> dict[str, Any]:
    """What the next face costs: reading all, and looking at those that it reaches."""
    await here.cluster(everything=False)
    await here.put_in(Crowd.made_up(1, 1, name="one more"))
    figures = await here.cluster(everything=False)
    return {f"one_more_{name}": value for name, value in figures.items()}


def table(result: dict[str, Any]) -> str:
    """For people."""
    lines = [
        f"a preview with {amount} faces: finding {result[f'detection_{amount}_ms']:.0f} ms of CPU "
        f"({result[f'faces_of_{amount}']} found)"
        + (f", recognising {result[f'recognition_{amount}_ms']:.0f} ms" if amount else "")
        for amount in (0, 1, 6)
    ]
    lines += [
        f"  of 6 faces at one size of {side}: {result[f'only_{side}_faces']} found, {result[f'only_{side}_ms']:.0f} ms"
        for side in YUNET_SIDES
    ]
    lines += [
        f"{result['faces']} faces of {result['people']} people, {amount} processes: all there after "
        f"{result[f'arrived_{amount}_s']:.1f} s, told apart after {result[f'told_apart_{amount}_s']:.1f} s "
        f"({result[f'runs_{amount}']} runs, {result[f'cpu_{amount}_s']:.1f} s of CPU)"
        for amount in WORKERS
    ]
    lines += [
        f"at once: read in {result['read_ms']:.0f} ms, told apart with {result['cpu_ms']:.0f} ms of CPU",
        f"one more face: read in {result['one_more_read_ms']:.0f} ms, {result['one_more_cpu_ms']:.0f} ms of CPU for "
        f"the {result['one_more_looked_at']} that it reaches",
        f"{result['people_found']} people found; {'equal' if result['equal'] else 'NOT EQUAL'} by every way",
    ]
    return "\n".join(lines)


def main() -> None:
    """All of it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--faces", type=int, default=10_000)
    options.add_argument("--people", type=int, default=400)
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    result = finding(chosen.rounds) | asyncio.run(telling_apart(chosen.faces, chosen.people))
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
