"""The web application of an API process: Quart, the byte lane in front of it, sockets and pages."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import structlog
from quart import Quart

from immich_host.assets import asset_file_routes, file_routes, metadata_routes, upload, upload_check
from immich_host.assets import routes as assets
from immich_host.assets.upload_store import known_paths
from immich_host.auth import key_routes, session_routes
from immich_host.auth import routes as auth
from immich_host.auth.gate import AuthGate
from immich_host.download import routes as download
from immich_host.hosting import Hosting, Record, Stage, Status
from immich_host.kernel import HostKernel
from immich_host.media.incoming import recover
from immich_host.media.lane import Lane
from immich_host.plugin_api.web import Caller, Route, Routes
from immich_host.plugins import routes as plugins
from immich_host.realtime.sockets import PATH as SOCKETS
from immich_host.realtime.sockets import Sockets
from immich_host.server import job_routes, queue_routes
from immich_host.server import metadata_routes as system_metadata
from immich_host.server import routes as server
from immich_host.server.job_news import JobNews
from immich_host.server.page_routes import bind_pages
from immich_host.server.store import record_version
from immich_host.settings import routes as settings
from immich_host.sync import routes as sync
from immich_host.timeline import routes as timeline
from immich_host.trash import routes as trash
from immich_host.users import admin_routes
from immich_host.users import routes as users
from immich_host.wire.answers import correlation_id
from immich_host.wire.binding import bind, configure
from immich_host.wire.catalogue import Catalogue, DuplicateRoute
from immich_host.wire.docs_page import docs_routes
from immich_host.wire.gate import admit
from immich_host.wire.handlers import take_apart
from immich_host.wire.idle import idle_routes
from immich_host.wire.reading import read_query

log = structlog.get_logger("app")

HOST_ROUTES: Sequence[Routes] = (
    auth.routes, session_routes.routes, key_routes.routes, users.routes,
    admin_routes.routes, assets.routes, metadata_routes.routes, upload.routes, upload_check.routes,
    file_routes.routes, asset_file_routes.routes, timeline.routes, trash.routes, download.routes, server.ROUTES,
    system_metadata.ROUTES, *queue_routes.ROUTES, job_routes.routes, settings.SYSTEM, settings.ADMIN, settings.USER,
    settings.PUBLIC, plugins.routes, sync.routes,
)  # fmt: skip


def catalogue_of(hosting: Hosting) -> Catalogue:
    """Every route of host and plugins; a plugin that claims another's route is broken by it."""
    catalogue = Catalogue()
    catalogue.add(HOST_ROUTES)
    for record in hosting.order:
        try:
            catalogue.add(record.brings.routes, record.name)
        except DuplicateRoute as error:
            record.break_at(Stage.LOAD, str(error))
    catalogue.add(docs_routes(catalogue))
    catalogue.add_idle(idle_routes())
    return catalogue


class WebApp:
    """An ASGI application; use it inside `running()`."""

    def __init__(self, kernel: HostKernel) -> None:
        self._kernel = kernel
        self.gate = AuthGate(kernel)
        self._told: set[asyncio.Task[None]] = set()
        self._build()
        redis_url = kernel.runtime.redis_url or ""
        self.sockets = Sockets(redis_url, kernel.redis, self.gate, kernel.notices)
        self.job_news = JobNews(kernel.job_room, self.sockets)
        self.leaving = False
        """While it is set every answer ends its connection: the client's next request meets another process."""
        kernel.live_settings.on_change(self.sockets.settings_changed)
        kernel.live_settings.on_change(self.job_news.settings_changed)
        kernel.switching.on_change(self._switched)
        kernel.switching.on_packages(self.rebuild)

    def _build(self) -> None:
        """Make routes, Quart and byte lane of the plugins that there are; requests under way keep the old ones."""
        kernel = self._kernel
        catalogue = catalogue_of(kernel.hosting)
        quart = Quart("immich_host", static_folder=None)
        configure(quart)
        bind_pages(quart, kernel)
        bind(quart, catalogue, kernel, self.gate, guard=self._guard, responded=self._responded)
        raw = [(entry.route, entry.owner) for entry in catalogue if entry.route.raw]
        lane = Lane(
            quart, self._admit, raw, kernel,
            query_reader=lambda route: partial(read_query, take_apart(route)),
            guard=self._guard, responded=self._responded,
        )  # fmt: skip
        self.catalogue, self.quart, self._lane = catalogue, quart, lane

    async def rebuild(self) -> None:
        """Serve the routes of the plugins that there are now, from the next request on."""
        await asyncio.to_thread(self._build)  # requests go on meanwhile

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request or connection."""
        if scope["type"] == "http":
            structlog.contextvars.bind_contextvars(correlation=correlation_id(scope))
        if scope["type"] != "lifespan" and scope["path"].startswith(SOCKETS):
            await self.sockets.app(scope, receive, send)
        else:
            await self._lane(scope, receive, partial(_last_answer, send) if self.leaving else send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Open what answering needs: the folder for incoming files, sockets; clean up after a crash."""
        kernel = self._kernel
        kernel.incoming.open()
        await recover(kernel.paths, self._known_paths)
        await record_version(kernel.db)
        await self.sockets.start()
        telling = asyncio.create_task(self.job_news.run(), name="news of jobs")
        try:
            yield
        finally:
            telling.cancel()
            await self.sockets.stop()
            await self.gate.stop()
            await asyncio.gather(*self._told, return_exceptions=True)
            kernel.incoming.close()

    async def _known_paths(self, paths: Sequence[str]) -> set[str]:
        return await known_paths(self._kernel.db, paths)

    async def _admit(self, route: Route, scope: Any) -> Caller | None:
        return await admit(self.gate, route, scope)

    async def _guard(self, request: Mapping[str, Any], caller: Caller | None) -> None:
        if self._kernel.hosting.has("api_request"):
            await self._kernel.hosting.guard("api_request", fail_closed=True, request=request, user=caller)

    async def _switched(self, records: Sequence[Record]) -> None:
        await self.sockets.plugins_switched({record.name: record.status.value for record in records})

    def _responded(self, request: Mapping[str, Any], status: int, seconds: float) -> None:
        if self._kernel.hosting.has("api_responded"):
            telling = self._kernel.hosting.publish("api_responded", request=request, status=status, seconds=seconds)
            task = asyncio.ensure_future(telling)
            self._told.add(task)
            task.add_done_callback(self._told.discard)


async def _last_answer(send: Any, message: Any) -> None:
    """Send, with the request that the client close the connection."""
    if message["type"] == "http.response.start":
        kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
        message = {**message, "headers": [*kept, (b"connection", b"close")]}
    await send(message)


async def build_app(kernel: HostKernel) -> WebApp:
    """The application of a started kernel; a plugin that its routes have broken goes off everywhere here."""
    on = {record.name for record in kernel.hosting.order if record.is_enabled}
    app = WebApp(kernel)
    if any(kernel.hosting.records[name].status is Status.BROKEN for name in on):
        kernel.switching.again()
    return app
