"""What importing a plugin costs, measured in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import distribution, requires
from pathlib import Path
from typing import Any

from immich_host.checking.findings import Finding
from immich_host.checking.package import Package, distributions, normal

LIMIT_SECONDS = 0.5
"""CPU time of importing a plugin's hooks, over that of what every API process imports; each of them pays it."""
TRIES = 3
"""The best of so many counts: a busy machine, or modules that are compiled for the first time, make others longer."""
HEAVY_BYTES = 5_000_000
"""A third party's package that is larger installed is heavy: import it inside the function that needs it."""

_MEASURE = """
import importlib, json, sys, time
import immich_host.plugin_api, immich_host.plugin_api.answers, immich_host.plugin_api.migrations, quart, structlog
sys.path[:0] = json.loads(sys.argv[2])
before, start = set(sys.modules), time.process_time()
importlib.import_module(sys.argv[1] + ".hooks")
took = time.process_time() - start
print(json.dumps({"seconds": took, "modules": sorted(set(sys.modules) - before)}))
"""


def cheap_import(package: Package) -> list[Finding]:
    """The package and its hooks are imported in a moment, without any heavy library or room of the host."""
    above = str(package.folder.parents[package.import_name.count(".")])
    seconds = LIMIT_SECONDS + 1
    measured: dict[str, Any] = {}
    for _ in range(TRIES):
        ended = subprocess.run(
            [sys.executable, "-c", _MEASURE, package.import_name, json.dumps([above])],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if ended.returncode:
            return [Finding("load", ended.stderr.strip().splitlines()[-1])]
        measured = json.loads(ended.stdout.splitlines()[-1])
        seconds = min(seconds, measured["seconds"])
        if seconds <= LIMIT_SECONDS:
            break
    found = [f"importing it loads {name}, which is heavy" for name in heavy(measured["modules"])]
    rooms = {name.split(".")[1] for name in measured["modules"] if name.startswith("immich_host.")} - {"plugin_api"}
    found += [f"importing it loads immich_host.{room}" for room in sorted(rooms)]
    if seconds > LIMIT_SECONDS:
        found.append(f"importing it takes {seconds:.2f} s of CPU; {LIMIT_SECONDS} are allowed")
    return [Finding("cheap import", message) for message in found]


def heavy(modules: Iterable[str]) -> list[str]:
    """Top-level names among `modules` of large packages that the host itself does without."""
    hosts = {normal(text) for text in requires("immich-host") or () if "extra ==" not in text}
    owners = {name: distributions().get(name, []) for name in {module.split(".")[0] for module in modules}}
    return sorted(
        name
        for name, found in owners.items()
        if any(normal(owner) not in hosts and _size(owner) > HEAVY_BYTES for owner in found)
    )


def _size(owner: str) -> int:
    found = distribution(owner)
    return sum(_length(Path(str(file.locate()))) if file.size is None else file.size for file in found.files or ())


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
