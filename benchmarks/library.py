"""A library of photos through a real `serve`, against the sum of the bare steps in the same run.

    python benchmarks/library.py [--photos 2000] [--connections 4] [--json]

Photos of 12 megapixels, each a file of its own, are uploaded until every queue is empty. Wanted: 15 photos/s on
two cores, the cores at least 90 % busy, and 0.7 of what all cores could do of the bare steps alone (exiftool,
Pillow, ThumbHash; taken before and after, in CPU time). Where other work shares the machine the rate falls and
our share of the cores with it; the ratio of CPU times stays.
"""

import argparse
import json
import os
import tempfile
import threading
import time
from pathlib import Path

from bare_steps import BareSteps
from photos import Uploads, patterns, wait_until_done
from served import Served, idle_seconds, minus, serving

_WARM_UP = 40
"""Photos until every worker has loaded what it needs."""
_ROUNDS = 4


class Peaks:
    """Watches a server's memory: the most MB that a process of each role held, and all of them together."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.by_role: dict[str, float] = {}
        self.together = 0.0

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            held = self._server.memory_each()
            self.together = max(self.together, sum(size for _, size in held))
            for role, size in held:
                self.by_role[role] = max(self.by_role.get(role, 0.0), size)

    def __enter__(self) -> "Peaks":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def measure(photos: int, connections: int) -> dict[str, object]:
    cores = os.process_cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="library-") as name:
        pictures = patterns(Path(name))
        steps = BareSteps(pictures, Path(name))
        steps.measure(_ROUNDS)
        with serving(Path(name) / "data") as server:
            Uploads(server, pictures, _WARM_UP, connections).run()
            wait_until_done(server, _WARM_UP)
            before, idle, own, begin = server.cpu(), idle_seconds(), time.process_time(), time.perf_counter()
            with Peaks(server) as peaks:
                uploading = Uploads(server, pictures, photos, connections).run()
                wait_until_done(server, _WARM_UP + photos, patience=7200.0)
                taken = time.perf_counter() - begin
            used, idle, own = minus(server.cpu(), before), idle_seconds() - idle, time.process_time() - own
        steps.measure(_ROUNDS)
    bare, total = steps.medians(), sum(used.values())
    return {
        "photos": photos,
        "cores": cores,
        "uploads_per_second": photos / uploading,
        "done_per_second": photos / taken,
        "cpu_ms_by_role": {role: seconds / photos * 1000 for role, seconds in used.items()},
        "cpu_ms": total / photos * 1000,
        "bare_ms_by_step": {step: seconds * 1000 for step, seconds in bare.items()},
        "bare_per_second": cores / sum(bare.values()),
        "ratio": photos / taken * sum(bare.values()) / cores,
        "ratio_of_cpu": sum(bare.values()) / (total / photos),
        "cores_busy": 1 - idle / taken / cores,
        "cores_ours": (total + own) / taken / cores,
        "peak_mb_by_role": peaks.by_role,
        "peak_mb": peaks.together,
    }


def table(result: dict[str, object]) -> str:
    lines = [
        "{photos} photos of 12 megapixels on {cores} cores: uploaded {uploads_per_second:.1f}/s, done "
        "{done_per_second:.1f}/s",
        "bare steps alone {bare_per_second:.1f}/s; ratio {ratio:.2f}, of CPU times {ratio_of_cpu:.2f}",
        "cores {cores_busy:.0%} busy, {cores_ours:.0%} with the server and its uploads",
        "CPU {cpu_ms:.1f} ms a photo; memory at most {peak_mb:.0f} MB together",
    ]
    rows = [line.format(**result) for line in lines]
    rows += _rows("bare step, ms", result["bare_ms_by_step"])
    rows += _rows("CPU, ms a photo", result["cpu_ms_by_role"])
    rows += _rows("most MB of one process", result["peak_mb_by_role"])
    return "\n".join(rows)


def _rows(title: str, values: object) -> list[str]:
    assert isinstance(values, dict)
    most_first = sorted(values.items(), key=lambda item: -item[1])
    return [f"{title}:", *(f"  {name:12}{value:8.1f}" for name, value in most_first)]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--photos", type=int, default=2000)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    result = measure(chosen.photos, chosen.connections)
    print(json.dumps(result) if chosen.json else table(result))


if __name__ == "__main__":
    main()
