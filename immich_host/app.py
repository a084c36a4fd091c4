"""The processes of a running host: one that answers requests, one that works on jobs, one that migrates."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import structlog
import uvloop

from immich_host.db.database import Database
from immich_host.db.migrating import create_database
from immich_host.db.migrating import migrate as run_migrations
from immich_host.db.waiting import until_reachable
from immich_host.hosting import Hosting
from immich_host.hosting.apps import all_apps
from immich_host.runtime.ending import Ending
from immich_host.runtime.gate import wait_at_gate
from immich_host.runtime.lean import import_lean
from immich_host.runtime.memory import give_back_when_idle
from immich_host.runtime.replacing import say_ready
from immich_host.runtime.settings import RuntimeSettings

if TYPE_CHECKING:
    from immich_host.kernel import HostKernel

log = structlog.get_logger("app")


def migrate(settings: RuntimeSettings) -> None:
    """Create the database where it is missing and bring all tables up to date, those of plugins too."""
    from immich_host.runtime.logs import configure

    configure(settings)
    asyncio.run(_migrate(settings))


async def _migrate(settings: RuntimeSettings) -> None:
    url = settings.database_url
    if url is None:
        msg = "IMMICH_HOST_DATABASE_URL is not set"
        raise ValueError(msg)
    await create_database(url)
    database = Database(url, max_connections=2)
    await database.connect()
    try:
        await run_migrations(database, all_apps(Hosting()))
    finally:
        await database.close()


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of host and installed plugins; needs no server and no database."""
    from immich_host.web import catalogue_of
    from immich_host.wire.openapi import document

    return document(catalogue_of(Hosting()))


def serve_api(settings: RuntimeSettings, *, fd: int | None, host: str, port: int) -> None:
    """Answer requests until told to end (`runtime.ending`); on the listening socket `fd`, else on host and port."""
    bind = f"fd://{fd}" if fd is not None else f"{host}:{port}"
    gc.disable()  # nothing that is being imported is garbage
    import_lean("socketio", "aiohttp", "valkey")  # of its clients and other brokers
    for module in ("immich_host.runtime.answering", "immich_host.web"):
        import_module(module)
    wait_at_gate()
    _run(settings, lambda kernel, ending: _answer(kernel, ending, bind))


def serve_work(settings: RuntimeSettings) -> None:
    """Work on jobs until told to end (`runtime.ending`)."""
    gc.disable()
    _run(settings, _work)


type Main = Callable[["HostKernel", Ending], Awaitable[None]]


def _run(settings: RuntimeSettings, main: Main) -> None:
    from immich_host.runtime.logs import configure

    configure(settings)
    uvloop.run(_with_kernel(settings, main)).end()


async def _with_kernel(settings: RuntimeSettings, main: Main) -> Ending:
    ending = Ending()
    from immich_host.kernel import HostKernel  # migrations need none of it

    kernel = HostKernel(settings)
    if not await _database_is_there(settings.database_url or "", ending.asked):
        return ending
    kernel.switching.renew = ending.renew
    await kernel.start()
    try:
        await main(kernel, ending)
    finally:
        await kernel.stop()
    return ending


async def _database_is_there(url: str, stop: asyncio.Event) -> bool:
    """Wait for a database that is just being started; False when told to stop before it was there."""
    waiting, asked = asyncio.create_task(until_reachable(url)), asyncio.create_task(stop.wait())
    await asyncio.wait({waiting, asked}, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, asked):
        task.cancel()
    await asyncio.gather(waiting, asked, return_exceptions=True)
    return not stop.is_set()


async def _answer(kernel: "HostKernel", ending: Ending, bind: str) -> None:
    from hypercorn.config import Config

    from immich_host.runtime.answering import answer
    from immich_host.web import build_app

    config = Config()
    config.bind = [bind]
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")  # else it makes a handler of its own
    config.include_server_header = False
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = 1_000_000
    config.websocket_max_message_size = 1 << 20
    app = await build_app(kernel)
    _keep_what_is_there()
    async with app.running(), _giving_back(lambda: False):
        await answer(app, config, ending)


async def _work(kernel: "HostKernel", ending: Ending) -> None:
    from immich_host.jobs.plugin_actors import brings_actors
    from immich_host.jobs.process import GRACE_SECONDS, WorkerProcess

    worker = WorkerProcess(kernel.job_room, kernel.notices)
    consumed = {record.name for record in kernel.hosting.order}

    async def take_in() -> None:
        await worker.take_in()
        late = [record.name for record in kernel.hosting.order if brings_actors(record) and record.name not in consumed]
        if late:  # Dramatiq's workers are given their actors when they start
            ending.renew(f"actors of {', '.join(late)}")

    kernel.switching.on_packages(take_in)
    _keep_what_is_there()
    async with _giving_back(lambda: bool(kernel.job_room.executor.running)):
        await worker.run(ending.asked, finish=lambda runs: ending.finish(runs, GRACE_SECONDS), ready=say_ready)


@asynccontextmanager
async def _giving_back(busy: Callable[[], bool]) -> AsyncIterator[None]:
    """Give memory back while nothing is to be done."""
    task = asyncio.create_task(give_back_when_idle(busy), name="give memory back")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def _keep_what_is_there() -> None:
    """Code and what is built of it stays for good: the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.enable()
