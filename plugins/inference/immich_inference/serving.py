"""Running the service by itself: `immich-host infer`."""

import asyncio
import logging
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import typer
from hypercorn.asyncio import serve
from hypercorn.config import Config

from immich_host.plugin_api.commands import CommandLine
from immich_inference.engine import Engine
from immich_inference.equipping import limits_by, running_by
from immich_inference.fetching import Fetching
from immich_inference.hub import Hub
from immich_inference.registry import Registry
from immich_inference.service import Service
from immich_inference.settings import InferenceSettings

log = structlog.get_logger("inference")

GRACE_SECONDS = 30.0
"""How long requests that run are waited for in the end."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How the service runs.

    Args:
        host: Address to listen on.
        port: Port; 0 takes a free one.
        folder: Of downloaded models.
        max_body: Bytes of a request.
        settings: How models are run.
    """

    host: str
    port: int
    folder: Path
    max_body: int
    settings: InferenceSettings


def run(line: CommandLine, serving: Serving) -> None:
    """Serve until SIGINT or SIGTERM; requests that run are answered first. The address is printed when it listens.

    Raises:
        OSError: It cannot listen there.
    """
    asyncio.run(_run(line, serving))


async def _run(line: CommandLine, serving: Serving) -> None:
    settings = serving.settings
    threads = settings.threads or os.process_cpu_count() or 1
    engine = Engine(
        Registry(line.brought, lambda: serving.folder),
        running_by(settings, threads),
        lambda: limits_by(settings, 0),
    )
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    try:
        await engine.preload(settings.preload)
        listening = _listening(serving.host, serving.port)
        address, port = listening.getsockname()[:2]
        typer.echo(f"http://{f'[{address}]' if ':' in address else address}:{port}")
        hub = Hub(settings.hub, settings.collection)
        predictor = Fetching(engine, lambda: hub) if settings.download else engine
        app: Any = Service(predictor, serving.max_body)
        await serve(app, _config(listening.detach()), shutdown_trigger=stop.wait)
    finally:
        engine.close()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, dualstack_ipv6=host == "::", backlog=100)


def _config(listening: int) -> Config:
    config = Config()
    config.bind = [f"fd://{listening}"]
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.graceful_timeout = GRACE_SECONDS
    config.keep_alive_timeout = 75
    config.keep_alive_max_requests = 1_000_000
    return config
