"""Hypercorn's connections on a listening socket, ended without cutting off a request."""

import asyncio
from typing import Any, Final

from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config

from immich_host.runtime.ending import Ending
from immich_host.runtime.replacing import say_ready
from immich_host.web import WebApp

STOP_SECONDS: Final = 4.0
"""How long answers under way may take once the process is told to stop."""
LAST_CALL_SECONDS: Final = 2.0
"""How long idle connections stay open when the process leaves: a request may be on its way on them."""


async def answer(app: WebApp, config: Config, ending: Ending) -> None:
    """Answer requests until the process is asked to end.

    Hypercorn's own `serve` closes idle connections and the listening socket in one step, so that a request
    that is just being sent would fail. Here a process that leaves first takes no more connections, then ends
    each with its next answer, and closes those that stay idle last.
    """
    wrapped = ASGIWrapper(app)
    context = WorkerContext(None)
    connections: set[asyncio.Task[Any]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio calls it in a task
        connections.add(task)
        task.add_done_callback(connections.discard)
        await TCPServer(wrapped, asyncio.get_running_loop(), config, context, {}, reader, writer)

    [listening] = config.create_sockets().insecure_sockets
    server = await asyncio.start_server(connected, backlog=config.backlog, sock=listening)
    say_ready()
    await ending.asked.wait()
    server.close()
    if ending.is_leaving:
        app.leaving = True
        await app.sockets.hang_up()
        await ending.pause(LAST_CALL_SECONDS)
    await context.terminated.set()
    await ending.finish(connections, STOP_SECONDS)
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)
