"""What each process has loaded, in a file of its own, so that any process can tell of all on this machine."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from immich_inference.engine import Engine


def own_state(engine: "Engine") -> dict[str, Any]:
    """What this process holds; `ProcessDto`."""
    return {
        "id": os.getpid(),
        "threads": engine.running.threads,
        "providers": list(engine.running.providers),
        "failedProviders": engine.running.failed,
        "memory": engine.pool.held,
        "memoryLimit": engine.pool.limits.memory,
        "loaded": [
            {
                "task": task,
                "name": name,
                "type": kind,
                "bytes": sum(each.files.values()),
                "provider": next((session.provider for session in each.sessions), ""),
                "isInUse": bool(each.users),
                "runs": each.batcher.runs,
                "items": each.batcher.items,
            }
            for each in engine.pool.loaded
            for task, name, kind in [each.key]
        ],
    }


def write(folder: Path, engine: "Engine") -> None:
    """Keep what this process holds. Blocking."""
    folder.mkdir(parents=True, exist_ok=True)
    file = _file(folder)
    fresh = file.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(own_state(engine)))
    fresh.replace(file)


def withdraw(folder: Path) -> None:
    """This process holds nothing any more."""
    _file(folder).unlink(missing_ok=True)


def others(folder: Path) -> Iterator[Mapping[str, Any]]:
    """What other processes hold; files of those that have ended are removed. Blocking."""
    for file in sorted(folder.glob("*.json")):
        if file.stem == str(os.getpid()):
            continue
        if not Path(f"/proc/{file.stem}").exists() and Path("/proc/self").exists():
            file.unlink(missing_ok=True)
            continue
        try:
            yield orjson.loads(file.read_bytes())
        except (OSError, ValueError):
            continue


def _file(folder: Path) -> Path:
    return folder / f"{os.getpid()}.json"
