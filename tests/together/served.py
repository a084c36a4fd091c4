"""A real server: supervisor, PostgreSQL, Valkey, two API and two worker processes, to be watched and killed."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from immich_host.db.errors import DATABASE_FAILS
from immich_host.runtime.embedded import connected
from immich_host.runtime.settings import RuntimeSettings
from immich_host.testing.host import MOMENT, PASSWORD, expect
from immich_host.testing.waiting import PATIENCE

READY = re.compile(r"is ready: (http://127\.0\.0\.1:(\d+))")
START = 3 * PATIENCE


async def until(check: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> Any:
    """The first truthy answer; other processes bring it about, so nothing here can tell when."""
    ends = time.monotonic() + seconds
    while not (found := await check()):
        assert time.monotonic() < ends, f"not within {seconds} s"
        await asyncio.sleep(0.03)
    return found


def parents() -> dict[int, int]:
    """Process -> its parent, of all that run (zombies have ended)."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state not in "ZX":
                found[int(entry.name)] = int(parent)
    return found


def command_of(process_id: int) -> str:
    try:
        return (Path("/proc") / str(process_id) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


class Served:
    """`immich-host serve` on a folder of its own; after `kill_everything` it may be started again."""

    def __init__(self, folder: Path, python: str = sys.executable, **environment: str) -> None:
        self.folder = folder
        self.environment = environment
        self.python = python
        self.said: list[str] = []
        self.port = 0
        self.start()

    def start(self) -> None:
        """Start, and wait until it is ready."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_")}
        environment |= {"IMMICH_HOST_API_PROCESSES": "2", "IMMICH_HOST_WORK_PROCESSES": "2"} | self.environment
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            [self.python, "-m", "immich_host", "serve", "--data", str(self.folder), "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self.ready.wait(START) or self.process.poll() is not None:
            self.stop()
            raise AssertionError("the server did not become ready:\n" + "\n".join(self.said))

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if match := READY.search(line):
                self.url, self.port = match[1], int(match[2])
                self.ready.set()
        self.ready.set()

    def stop(self) -> int:
        """Press Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._reader.join(PATIENCE)
        assert self.process.stdout
        self.process.stdout.close()
        return code

    # -- its processes

    def descendants(self) -> list[int]:
        """Every process under the supervisor."""
        all_parents = parents()
        found = {self.process.pid}
        while more := {child for child, parent in all_parents.items() if parent in found} - found:
            found |= more
        return sorted(found - {self.process.pid})

    def pids(self, what: str) -> list[int]:
        """Processes whose command line has this, e.g. `immich_host api`, `immich_host work`, `valkey-server`."""
        return [one for one in self.descendants() if what in command_of(one)]

    def kill(self, *process_ids: int) -> None:
        """kill -9."""
        for one in process_ids:
            os.kill(one, signal.SIGKILL)

    def kill_everything(self) -> None:
        """kill -9 of the supervisor and all that it started, at once."""
        under = self.descendants()
        for one in (self.process.pid, *under):
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                continue  # the kernel ended it with its parent
        self.stop()

    # -- its database

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        """Rows of a statement, as somebody with psql would give it."""
        connection = await self.connect()
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    async def connect(self) -> Any:
        settings = connected(RuntimeSettings(data=self.folder))
        return await asyncpg.connect(settings.database_url)

    @property
    def redis_url(self) -> str:
        return connected(RuntimeSettings(data=self.folder)).redis_url or ""

    async def unfinished(self) -> int:
        """Jobs and facts that wait or run; failed ones have ended."""
        [row] = await self.sql(
            """SELECT (SELECT count(*) FROM job_request WHERE failed_at IS NULL AND run_at < now() + interval '1 hour')
                    + (SELECT count(*) FROM fact_request) AS n"""
        )
        return row["n"]

    async def pause(self, *queues: str) -> None:
        """Pause queues by hand, and wait until every worker takes nothing of them any more."""
        await self.sql(
            """INSERT INTO queue_state (name, is_paused) SELECT unnest($1::text[]), true
               ON CONFLICT (name) DO UPDATE SET is_paused = true""",
            list(queues),
        )
        await self.paused(*queues)

    async def resume(self, *queues: str) -> None:
        """Take the pause of queues back."""
        await self.sql("DELETE FROM queue_state WHERE name = ANY($1::text[])", list(queues))

    async def paused(self, *queues: str) -> None:
        """Wait until every worker has said that it takes nothing of these queues."""
        workers = {f"work.{number}" for number in range(1, len(self.pids("immich_host work")) + 1)}

        async def all_said() -> bool:
            last = {line.split()[0]: line for line in list(self.said) if "paused queues" in line}
            return all(f"'{queue}'" in last.get(worker, "") for worker in workers for queue in queues)

        await until(all_said)

    async def idle(self, seconds: float = 3 * PATIENCE) -> None:
        """Wait until everything is done."""

        async def done() -> bool:
            try:
                return await self.unfinished() == 0
            except (*DATABASE_FAILS, RuntimeError):
                return False  # the database is being started again

        await until(done, seconds)


class Person:
    """An account, by a session of its own."""

    def __init__(self, served: Served, name: str) -> None:
        self.served = served
        self.email = f"{name}@host.test"
        self.token = ""
        self.id = ""

    @classmethod
    async def make(cls, served: Served, name: str, admin: "Person | None" = None) -> "Person":
        """Sign up the first, let the admin make the others; signed in."""
        person = cls(served, name)
        account = {"email": person.email, "password": PASSWORD, "name": name}
        path = "/api/admin/users" if admin else "/api/auth/admin-sign-up"
        async with (admin or person).client() as client:
            expect(await client.post(path, json=account), 201)
        await person.sign_in()
        return person

    async def sign_in(self) -> str:
        """A new session's token, used from now on."""
        async with httpx.AsyncClient(base_url=self.served.url, timeout=PATIENCE) as client:
            login = expect(await client.post("/api/auth/login", json={"email": self.email, "password": PASSWORD}), 201)
        self.token, self.id = login["accessToken"], login["userId"]
        return self.token

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client with the session, or with other credentials."""
        credentials = headers or ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        return httpx.AsyncClient(base_url=self.served.url, timeout=PATIENCE, headers=credentials)

    async def upload(
        self, content: bytes, name: str = "photo.jpg", client: httpx.AsyncClient | None = None, **form: str
    ) -> httpx.Response:
        """Upload as the app does."""
        form = {"fileCreatedAt": MOMENT, "fileModifiedAt": MOMENT} | form
        files = {"assetData": (name, content)}
        if client is not None:
            return await client.post("/api/assets", data=form, files=files)
        async with self.client() as own:
            return await own.post("/api/assets", data=form, files=files)

    async def use_models(self, *, enabled: bool) -> None:
        """Have new photos looked at by models or not: under load they would be what everything waits for."""
        config = await self.get("/system-config")
        config["machineLearning"]["enabled"] = enabled
        async with self.client() as client:
            expect(await client.put("/api/system-config", json=config), 200)

    async def get(self, path: str) -> Any:
        async with self.client() as client:
            return expect(await client.get(f"/api{path}"), 200)
