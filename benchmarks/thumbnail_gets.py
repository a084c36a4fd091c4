"""GETs/s of `/assets/{id}/thumbnail` against a raw ASGI answer with the same file, on the same server.

At least 0.6 is wanted. Uses wrk where it is installed, else threads of this program (which are then
part of what is measured, on both sides alike). The CPU
seconds of the server are counted too, which other work on the machine does not change.

    python benchmarks/thumbnail_gets.py [--connections N] [--seconds S] [--json]
"""

import argparse
import http.client
import itertools
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from byte_server import cpu_seconds, server

ROUNDS = 5
KINDS = {"bare file": "/bare/{}", "thumbnail": "/api/assets/{}/thumbnail?size=thumbnail&c=abc"}


def script(facts: dict[str, Any], path: str) -> str:
    paths = ",".join(f'"{path.format(asset_id)}"' for asset_id in facts["thumbnails"])
    return (
        f"local paths={{{paths}}}\nlocal n=0\n"
        "request=function() n=n%#paths+1; "
        f'return wrk.format("GET",paths[n],{{Authorization="Bearer {facts["token"]}"}}) end\n'
    )


def by_wrk(facts: dict[str, Any], path: str, connections: int, seconds: int) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script(facts, path))
        file.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}",
            "-s",
            file.name,
            f"http://127.0.0.1:{facts['port']}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found, done.stdout
    assert "Non-2xx" not in done.stdout, done.stdout
    return float(found[1])


def by_threads(facts: dict[str, Any], path: str, connections: int, seconds: int) -> float:
    counts: list[int] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        line = http.client.HTTPConnection("127.0.0.1", facts["port"])
        count = 0
        for asset_id in itertools.cycle(facts["thumbnails"]):
            line.request("GET", path.format(asset_id), headers={"Authorization": f"Bearer {facts['token']}"})
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            count += 1
            if time.perf_counter() > end:
                break
        counts.append(count)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--connections", type=int, default=16)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    measure = by_wrk if shutil.which("wrk") else by_threads
    ratios: list[float] = []
    cpu_ratios: list[float] = []
    with server() as facts:
        for path in KINDS.values():
            measure(facts, path, chosen.connections, 1)
        for number in range(ROUNDS):
            rates: list[float] = []
            costs: list[float] = []
            for path in KINDS.values():
                before = cpu_seconds(facts)
                rates.append(measure(facts, path, chosen.connections, chosen.seconds))
                costs.append((cpu_seconds(facts) - before) / (rates[-1] * chosen.seconds))
            ratios.append(rates[1] / rates[0])
            cpu_ratios.append(costs[0] / costs[1])
            shown = ", ".join(
                f"{name} {rate:.0f}/s ({cost * 1e6:.0f} us CPU)"
                for name, rate, cost in zip(KINDS, rates, costs, strict=True)
            )
            print(
                f"round {number + 1}: {shown}, ratio {ratios[-1]:.2f}, by CPU {cpu_ratios[-1]:.2f}",
                file=sys.stderr if chosen.json else sys.stdout,
            )
    median, by_cpu = statistics.median(ratios), statistics.median(cpu_ratios)
    if chosen.json:
        print(json.dumps({"ratio": median, "ratio_by_cpu": by_cpu}))
        return
    print(f"median ratio {median:.2f}, by CPU {by_cpu:.2f} ({chosen.connections} connections)")


if __name__ == "__main__":
    main()
