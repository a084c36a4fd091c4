"""Memory of each process of a real `serve`: idle, at work on photos, and idle again.

PSS: pages that several processes share are divided among them, so the total is what the server takes
of the machine. At most 330 MB idle and 650 MB at work are wanted (Immich: 1000 and 1900).

    python benchmarks/memory.py [--photos N] [--json]
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from photos import Uploads, patterns, wait_until_done
from served import Served, minus, serving

type Memory = Mapping[str, tuple[int, float]]


def total(memory: Memory) -> float:
    return sum(size for _, size in memory.values())


def at_work(server: Served, pictures: list[bytes], count: int) -> Memory:
    """The sample with the highest total while photos are uploaded and worked on."""
    most: Memory = {}
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.2):
            most = max(most, server.memory(), key=total)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        Uploads(server, pictures, count, 4).run()
        wait_until_done(server, count)
    finally:
        over.set()
        watcher.join()
    return most


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--photos", type=int, default=80)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory-") as name:
        pictures = patterns(Path(name))
        with serving(Path(name) / "data") as server:
            time.sleep(5)
            before = server.cpu()
            time.sleep(15)
            idle_cpu = sum(minus(server.cpu(), before).values()) / 15
            samples: dict[str, Memory] = {"idle": server.memory()}
            samples["at work"] = at_work(server, pictures, chosen.photos)
            time.sleep(25)
            samples["idle again"] = server.memory()
    if chosen.json:
        sizes = {kind: {role: size for role, (_, size) in each.items()} for kind, each in samples.items()}
        print(json.dumps({"memory_mb": sizes, "idle_cores": idle_cpu}))
        return
    print(f"{'MB':14}" + "".join(f"{kind:>18}" for kind in samples))
    for role in sorted({role for each in samples.values() for role in each}):
        cells = [each.get(role, (0, 0.0)) for each in samples.values()]
        print(f"{role:14}" + "".join(f"{f'{number} x':>10}{size:8.0f}" for number, size in cells))
    print(f"{'total':14}" + "".join(f"{total(each):18.0f}" for each in samples.values()))
    print(f"idle it takes {idle_cpu:.1%} of a core")


if __name__ == "__main__":
    main()
