"""Seconds from the command to the first answer, at a first start (everything is made) and at later ones, and to stop.

A second start under 4 s is wanted.

    python benchmarks/start.py [--rounds N] [--json]
"""

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from served import Served


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    taken: dict[str, list[float]] = {"first start": [], "second start": [], "stop": []}
    cpu: dict[str, list[float]] = {"first start": [], "second start": []}
    for _ in range(chosen.rounds):
        with tempfile.TemporaryDirectory(prefix="start-") as name:
            for kind in ("first start", "second start"):
                server = Served(Path(name))
                try:
                    cpu[kind].append(sum(server.cpu().values()))
                finally:
                    server.stop()
                taken[kind].append(server.ready_after)
                taken["stop"].append(server.stopped_after)
    medians = {kind: statistics.median(values) for kind, values in taken.items()}
    if chosen.json:
        print(json.dumps(medians))
        return
    for kind, seconds in medians.items():
        used = f", {statistics.median(cpu[kind]):.2f} s of CPU until then" if kind in cpu else ""
        print(f"{kind:14}{seconds:6.2f} s   ({', '.join(f'{value:.2f}' for value in taken[kind])}){used}")


if __name__ == "__main__":
    main()
