"""Fixtures of the test kit; pytest finds them by the entry point `pytest11`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from immich_host.testing.host import RunningHost
    from immich_host.testing.servers import Servers

START_SECONDS = 180.0

type MakeHost = Callable[..., Awaitable["RunningHost"]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator["Servers"]:
    """One PostgreSQL and one Valkey for the whole session."""
    from immich_host.testing.servers import running_servers

    async with running_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def host(servers: "Servers", tmp_path: Path) -> AsyncIterator[MakeHost]:
    """A maker of hosts, to be called with `plugins`, a list of names; without it all installed ones are there."""
    async with AsyncExitStack() as stack:

        async def make(plugins: Iterable[str] | None = None, **options: Any) -> "RunningHost":
            return await stack.enter_async_context(running_host(servers, tmp_path / "data", plugins, **options))

        yield make


@asynccontextmanager
async def running_host(
    servers: "Servers", folder: Path, plugins: Iterable[str] | None, **options: Any
) -> AsyncIterator["RunningHost"]:
    """A started host with a fresh database and its files in `folder`.

    Args:
        servers: The session's servers.
        folder: For the media root.
        plugins: Names of installed plugins; None for all.
        **options: Further arguments of `HostKernel`, e.g. `records`, whose tables are made too.
    """
    from immich_host.kernel import HostKernel
    from immich_host.runtime.settings import RuntimeSettings
    from immich_host.testing.host import RunningHost, cheap_hashes, migrate_more, named, patient_start
    from immich_host.web import build_app

    url = await servers.fresh_database()
    settings = RuntimeSettings(database_url=url, redis_url=servers.redis_url, data=folder)
    kernel = HostKernel(settings, only=named(plugins), hand_over=False, **options)
    cheap_hashes()
    patient_start()
    try:
        await migrate_more(kernel)
        await _within(START_SECONDS, kernel.start())
        app = await build_app(kernel)
        async with app.running():
            running = RunningHost(kernel, app)
            yield running
            await running.close()
    finally:
        await kernel.stop()
        await servers.drop_database(url)


async def _within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Await with a limit; when it is over, say where every task stands."""
    task = asyncio.ensure_future(work)
    await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        for each in asyncio.all_tasks():
            each.print_stack(file=sys.stderr)
        task.cancel()
        msg = f"the host did not start within {seconds} s; the stacks of all tasks are in the captured output"
        raise TimeoutError(msg)
    task.result()
