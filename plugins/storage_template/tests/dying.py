"""A program of the tests: runs all waiting jobs in a process that is killed at a given step.

Each line of the plugin's code that is reached for the first time is a step. Imports once and forks for
each order; an order is a line of JSON on the standard input, `{"step": n}` (0: live on), and its answer
`{"steps": how many were taken, "killed": whether that was the end}`.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import immich_storage_template
from immich_host.assets import files
from immich_host.kernel import HostKernel
from immich_host.runtime.settings import RuntimeSettings

_WATCHED = {
    files.__file__,
    *(
        str(Path(immich_storage_template.__file__).parent / f"{name}.py")
        for name in ("disk", "moving", "store", "jobs")
    ),
}


class Steps:
    """Counts steps, tells them to a pipe, and dies at one of them by SIGKILL."""

    def __init__(self, last: int, pipe: int) -> None:
        self._last = last
        self._pipe = pipe
        self._seen: set[tuple[str, int]] = set()

    def __call__(self, code: Any, line: int) -> Any:
        if code.co_filename not in _WATCHED or code.co_name == "<module>":
            return sys.monitoring.DISABLE
        if (code.co_filename, line) not in self._seen:
            self._seen.add((code.co_filename, line))
            if len(self._seen) == self._last:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(self._pipe, b".")
        return None


async def run(settings: RuntimeSettings, steps: Steps) -> None:
    kernel = HostKernel(settings, only=["storage_template"], hand_over=False)
    await kernel.start()
    monitoring = sys.monitoring
    monitoring.use_tool_id(monitoring.DEBUGGER_ID, "dying")
    monitoring.register_callback(monitoring.DEBUGGER_ID, monitoring.events.LINE, steps)
    monitoring.set_events(monitoring.DEBUGGER_ID, monitoring.events.LINE)
    await kernel.job_room.drain()
    monitoring.set_events(monitoring.DEBUGGER_ID, 0)
    await kernel.stop()


def child(settings: RuntimeSettings, last: int, pipe: int) -> None:
    code = 1
    try:
        asyncio.run(run(settings, Steps(last, pipe)))
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    database, redis, data = sys.argv[1:]
    settings = RuntimeSettings(database_url=database, redis_url=redis, data=Path(data))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for order in sys.stdin:
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            child(settings, json.loads(order)["step"], writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            steps = len(pipe.read())
        _, status = os.waitpid(pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed and status:
            sys.exit(f"the jobs failed: {status}")
        answers.write(json.dumps({"steps": steps, "killed": killed}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
