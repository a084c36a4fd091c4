"""Starts the servers and processes of one immich-host, keeps them running, stops them in order.

A process of its own with few imports (`python -m immich_host.runtime.supervisor`), because it
stays in memory as long as the server runs; `serving.serve` becomes it.
"""

import asyncio
import os
import signal
import socket
from collections import Counter
from typing import NoReturn

from immich_host.runtime.child import UNUSABLE, Child, PlainProgram, Program, ReplaceableProgram
from immich_host.runtime.gate import Gate
from immich_host.runtime.listening import listen, local_address, url_of
from immich_host.runtime.locks import FolderLock
from immich_host.runtime.merged_log import MergedLog
from immich_host.runtime.plan import Plan
from immich_host.runtime.replacing import LEAVE, RENEW

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PROCESS_PATIENCE = 5.5
SERVER_PATIENCE = 3.0
HOPELESS = 5  # ends in a row before the server has ever answered
NEXT_PING = 0.05
REPLACED_WITHIN = 60.0
ASKED_TOGETHER = 0.5  # every process asks for the same change; once is enough


class StartFailed(RuntimeError):
    """The server cannot be started; the message says why."""


class Supervisor:
    """One run of one server."""

    def __init__(self, plan: Plan, log: MergedLog) -> None:
        self.plan = plan
        self.log = log
        self.lock = FolderLock(plan.data)
        self.servers: list[Child] = []
        self.processes: list[Child] = []
        self.leaving: dict[Child, asyncio.Task[None]] = {}
        self.environment: dict[str, str] = {}
        self.answered = False
        self.ends: Counter[str] = Counter()
        self.stop_asked = asyncio.Event()
        self.renewal_asked = asyncio.Event()
        self.hopeless: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> int:
        """Serve until a signal comes; the exit code."""
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self.ask_to_stop)
        asyncio.get_running_loop().add_signal_handler(RENEW, self.renewal_asked.set)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # `serve` holds them back until here
        start = asyncio.create_task(self._start())
        stop = asyncio.create_task(self.stop_asked.wait())
        try:
            await asyncio.wait({start, stop, self.hopeless}, return_when=asyncio.FIRST_COMPLETED)
            if start.done():
                start.result()
            if self.hopeless.done():
                raise StartFailed(self.hopeless.result())
        except (RuntimeError, OSError) as problem:
            self.log.say(f"immich-host could not start: {problem}", "error")
            return 1
        finally:
            start.cancel()
            await asyncio.wait({start})
            await self._stop()
        return 0

    def ask_to_stop(self) -> None:
        """The first time: stop in order. The second time: end everything at once."""
        if not self.stop_asked.is_set():
            self.log.say("stopping")
            self.stop_asked.set()
            return
        for child in (*self.processes, *self.leaving, *self.servers):
            child.kill()

    async def _start(self) -> None:
        self.plan.data.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(self.lock.acquire)
        with listen(self.plan.host, self.plan.port) as listener:
            gate = Gate()
            servers = self._server_children()
            for program in self.plan.answering(self.environment, listener.fileno(), gate.fd):
                self.processes.append(self._child(program))
            for server in servers:
                await server.ready.wait()
            await self._migrate()
            gate.open()
            await self._answering(listener)
            for program in self.plan.working(self.environment):
                self.processes.append(self._child(program))
            self.answered = True
            self.log.say(f"immich-host is ready: {url_of(listener)}")
            while True:
                await self.renewal_asked.wait()
                await asyncio.sleep(ASKED_TOGETHER)
                self.renewal_asked.clear()
                await self._replace_all()

    async def _replace_all(self) -> None:
        """Put a new process in the place of each, one by one; each old one ends when its work is done."""
        for old in list(self.processes):
            if not isinstance(old.program, ReplaceableProgram):
                continue
            new = self._child(old.program.again())
            self.processes.append(new)
            ready = asyncio.create_task(new.ready.wait())
            await asyncio.wait({ready}, timeout=REPLACED_WITHIN)
            if not ready.done():
                ready.cancel()
                self.log.say(f"a new {old.program.name} does not become ready; the old processes go on", "error")
                await new.stop(PROCESS_PATIENCE)
                self.processes.remove(new)
                return
            self.processes.remove(old)
            self.leaving[old] = leaving = asyncio.create_task(old.leave(LEAVE))
            leaving.add_done_callback(lambda _task, left=old: self.leaving.pop(left, None))
        self.log.say("all processes are replaced")

    def _server_children(self) -> list[Child]:
        """Begin to start the embedded servers that are wanted."""
        if self.plan.database_url is None:
            from immich_host.runtime.postgres import Postgres

            postgres = Postgres(self.plan.data / "postgres")
            self.environment["IMMICH_HOST_DATABASE_URL"] = postgres.uri
            self.servers.append(self._child(postgres, quiet_start=True))
        if self.plan.redis_url is None:
            from immich_host.runtime.valkey import Valkey

            valkey = Valkey(self.plan.data / "valkey")
            self.environment["IMMICH_HOST_REDIS_URL"] = valkey.uri
            self.servers.append(self._child(valkey, quiet_start=True))
        return self.servers

    async def _migrate(self) -> None:
        """Bring the database up to date before anything uses it."""
        program = PlainProgram("migrate", self.plan.migration(self.environment))
        migration = Child(program, self.log, [self.lock.fd])
        self.processes.append(migration)
        if await migration.once() != 0:
            raise StartFailed("the database could not be brought up to date (see above)")
        self.processes.remove(migration)

    async def _answering(self, listener: socket.socket) -> None:
        while not await _ping(listener):  # noqa: ASYNC110 (the answer comes from another process)
            await asyncio.sleep(NEXT_PING)

    def _child(self, program: Program, *, quiet_start: bool = False) -> Child:
        child = Child(program, self.log, [self.lock.fd], quiet_start=quiet_start)
        child.on_failure = self._failed
        child.start()
        return child

    def _failed(self, child: Child) -> None:
        # counted here, as a slow machine may need longer for an end than what the child calls quick
        self.ends[child.program.name] += 1
        ends = self.ends[child.program.name]
        if self.answered or self.hopeless.done():
            return
        if child.process and child.process.returncode == UNUSABLE:
            self.hopeless.set_result(f"{child.program.name} cannot work with these settings (see above)")
        elif ends >= HOPELESS:
            self.hopeless.set_result(f"{child.program.name} ended {ends} times in a row")

    async def _stop(self) -> None:
        """First what uses the servers, then the servers."""
        processes = [*self.processes, *self.leaving]
        for group, patience in ((processes, PROCESS_PATIENCE), (self.servers, SERVER_PATIENCE)):
            await asyncio.gather(*(child.stop(patience) for child in group))
        self.lock.release()


async def _ping(listener: socket.socket) -> bool:
    """Whether the API answers on the listening socket."""
    host, port = local_address(listener)
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET /api/server/ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            first = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        return False
    return first.split(b" ")[1:2] == [b"200"]


def supervise(plan: Plan) -> NoReturn:
    """Run one server until it is told to stop, then end this process."""

    async def run() -> None:
        code = await Supervisor(plan, MergedLog(plan.as_json)).run()
        os._exit(code)  # a thread may still wait for initdb, which ends with this process

    asyncio.run(run())
    raise AssertionError("unreachable")


if __name__ == "__main__":
    supervise(Plan.from_environment())
