"""What the supervisor has to run, read from the environment without the weight of pydantic."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from immich_host.runtime.child import PlainProgram, ReplaceableProgram
from immich_host.runtime.commands import Command
from immich_host.runtime.gate import GATE
from immich_host.runtime.replacing import SUPERVISOR

# Few memory pools however many threads there are: otherwise each thread's pool keeps what it once
# needed. Lines reach the log as they are written.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Plan:
    """The settings that concern the supervisor; RuntimeSettings has checked them before."""

    data: Path
    host: str
    port: int
    api_processes: int
    work_processes: int
    database_url: str | None
    redis_url: str | None
    as_json: bool
    program: tuple[str, ...] = (sys.executable, "-P", "-m", "immich_host")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read what `RuntimeSettings.environment` wrote."""

        def value(name: str) -> str:
            return environment[f"IMMICH_HOST_{name}"]

        return cls(
            data=Path(value("DATA")),
            host=value("HOST"),
            port=int(value("PORT")),
            api_processes=int(value("API_PROCESSES")),
            work_processes=int(value("WORK_PROCESSES")),
            database_url=environment.get("IMMICH_HOST_DATABASE_URL"),
            redis_url=environment.get("IMMICH_HOST_REDIS_URL"),
            as_json=value("LOG_FORMAT") == "json",
        )

    def migration(self, environment: dict[str, str]) -> Command:
        """Bring the database up to date."""
        return Command((*self.program, "migrate"), environment)

    def answering(self, environment: dict[str, str], listener: int, gate: int) -> list[PlainProgram]:
        """The API processes; they share the listening socket `listener` and wait at the gate."""
        values = FRUGAL | os.environ | environment | {GATE: str(gate), SUPERVISOR: str(os.getpid())}
        answer = Command((*self.program, "api", "--fd", str(listener)), values, pass_fds=(listener, gate))
        return [ReplaceableProgram(f"api.{number + 1}", answer) for number in range(self.api_processes)]

    def working(self, environment: dict[str, str]) -> list[PlainProgram]:
        """The workers."""
        work = Command((*self.program, "work"), FRUGAL | os.environ | environment | {SUPERVISOR: str(os.getpid())})
        return [ReplaceableProgram(f"work.{number + 1}", work) for number in range(self.work_processes)]
