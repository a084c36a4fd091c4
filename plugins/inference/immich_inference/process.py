"""Inference in one process of the server: its engine, made when it is first needed."""

import asyncio
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

import structlog

from immich_host.plugin_api import Host
from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Ask, Prediction, Unavailable
from immich_inference.errors import BadInput, NoModel
from immich_inference.settings import InferenceSettings, MachineLearning

log = structlog.get_logger("inference")

if TYPE_CHECKING:
    from immich_inference.dto import ProcessDto
    from immich_inference.engine import Engine
    from immich_inference.hub import Hub
    from immich_inference.services import NobodyElse, Services


class Process:
    """What a process of the server holds to run models."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._engine: Engine | None = None
        self._services: Services | None = None
        self._preloading: asyncio.Task[None] | None = None
        self._made_with: InferenceSettings | None = None
        self._running = 0
        self._is_closed = False

    @property
    def engine(self) -> "Engine":
        """The engine by the settings as they are now.

        Raises:
            Unavailable: The plugin has been stopped.
        """
        self._check_open()
        settings = self._host.settings(InferenceSettings)
        if self._engine is None or self._made_with != settings:
            from immich_inference.equipping import engine_of

            self.drop_engine()
            self._engine, self._made_with = engine_of(self._host), settings
            self._engine.pool.on_change = self._tell_others
        return self._engine

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unavailable(_STOPPED_MESSAGE)

    def preload(self) -> None:
        """Begin to load what the settings name."""
        names = self._host.settings(InferenceSettings).preload
        self._preloading = asyncio.create_task(self._preload(names))

    async def _preload(self, names: Sequence[str]) -> None:
        await imported("immich_inference.equipping")
        await self.engine.preload(names)

    def _tell_others(self) -> None:
        from immich_inference.sharing import write

        if self._engine is not None:
            try:
                write(processes_folder(self._host), self._engine)
            except OSError as error:  # others do not see it, and that is all
                log.warning("what is loaded cannot be told to other processes", error=str(error))

    @property
    def services(self) -> "Services":
        """The services of the settings.

        Raises:
            Unavailable: The plugin has been stopped.
        """
        self._check_open()
        if self._services is None:
            from immich_inference.services import Services

            self._services = Services(lambda: self._host.settings(MachineLearning))
        return self._services

    async def predict(
        self, asks: Sequence[Ask], *, image: Path | bytes | None = None, text: str | None = None
    ) -> Prediction:
        """As `api.predict`."""
        self._running += 1
        try:
            return await self._predict(asks, image, text)
        finally:
            self._running -= 1
            if self._is_closed:
                await self._close_services()

    async def _predict(self, asks: Sequence[Ask], image: Path | bytes | None, text: str | None) -> Prediction:
        await imported("immich_inference.services")
        from immich_inference.services import NobodyElse

        if not self._host.settings(MachineLearning).enabled:
            msg = "the settings let no models run (machineLearning.enabled)"
            raise JobFailed(msg)
        is_allowed_here = self._host.settings(InferenceSettings).in_process
        try:
            return await self.services.predict(asks, image, text, try_all=not is_allowed_here)
        except NobodyElse as nobody:
            if is_allowed_here:
                return await self._here(asks, image, text, nobody)
            if nobody.bad_input:
                raise BadInput(nobody.bad_input) from nobody
            msg = f"no service runs models now, and this server may not (inference.inProcess): {nobody}"
            raise Unavailable(msg) from nobody

    async def _here(
        self, asks: Sequence[Ask], image: Path | bytes | None, text: str | None, nobody: "NobodyElse"
    ) -> Prediction:
        await imported("immich_inference.equipping")
        await imported("immich_inference.fetching")
        try:
            return await self._with_downloads(asks, image, text)
        except NoModel as missing:
            if not nobody.reasons:
                raise
            msg = f"{missing}; services: {nobody}"
            raise NoModel(msg) from nobody

    async def _with_downloads(self, asks: Sequence[Ask], image: Path | bytes | None, text: str | None) -> Prediction:
        """A missing model is downloaded: for pictures, which jobs are about, now; for texts, of requests, by a job."""
        from immich_inference.fetching import Fetching, can_be_fetched, failed_before

        if not self._host.settings(InferenceSettings).download:
            return await self.engine.predict(asks, image=image, text=text)
        if image is not None:
            return await Fetching(self.engine, self.hub).predict(asks, image=image, text=text)
        try:
            return await self.engine.predict(asks, text=text)
        except NoModel as missing:
            if not can_be_fetched(missing):
                raise
            failed_before(self.engine.registry.folder, missing)
            await self._host.jobs.request(
                "inference.download", cause="first use", name=f"{missing.task}/{missing.model}"
            )
            msg = f"the model {missing.model} is being downloaded; `immich-host models list` shows how far it is"
            raise Unavailable(msg) from missing

    def hub(self) -> "Hub":
        """Where models come from, by the settings."""
        from immich_inference.hub import Hub

        settings = self._host.settings(InferenceSettings)
        return Hub(settings.hub, settings.collection)

    def own_state(self) -> "list[ProcessDto]":
        """What this process holds; nothing where it has run no models."""
        from immich_inference.dto import ProcessDto

        if self._engine is None:
            return []
        from immich_inference.sharing import own_state

        return [ProcessDto.model_validate(own_state(self._engine))]

    def drop_engine(self) -> None:
        """Let go of models; the next prediction begins anew."""
        if self._engine is not None:
            from immich_inference.sharing import withdraw

            self._engine.close()
            self._engine = None
            try:
                withdraw(processes_folder(self._host))
            except OSError as error:
                log.warning("what was loaded cannot be taken back from other processes", error=str(error))

    async def close(self) -> None:
        """Let go of everything; predictions that run come to their end, and no more begin."""
        self._is_closed = True
        if self._preloading is not None:
            self._preloading.cancel()
            await asyncio.gather(self._preloading, return_exceptions=True)
        self.drop_engine()
        await self._close_services()

    async def _close_services(self) -> None:
        """With the last prediction that may use them."""
        if self._services is not None and not self._running:
            services, self._services = self._services, None
            await services.close()


async def imported(module: str) -> None:
    """Import in a thread what takes a second: the event loop answers others meanwhile."""
    if module not in sys.modules:
        await asyncio.to_thread(import_module, module)


def processes_folder(host: Host) -> Path:
    """Where each process says what it has loaded."""
    return host.folder("inference") / "processes"


_PROCESSES: WeakKeyDictionary[Host, Process] = WeakKeyDictionary()
_STOPPED: WeakSet[Host] = WeakSet()
_STOPPED_MESSAGE = "no models run now: the plugin inference has been stopped"


def of_host(host: Host) -> Process:
    """What belongs to a host.

    Raises:
        Unavailable: The plugin has been stopped; what is made now nobody would close.
    """
    if host in _STOPPED:
        raise Unavailable(_STOPPED_MESSAGE)
    found = _PROCESSES.get(host)
    if found is None:
        found = _PROCESSES[host] = Process(host)
    return found


def started(host: Host) -> None:
    """When the plugin is switched on."""
    _STOPPED.discard(host)


async def close(host: Host) -> None:
    """When the plugin is switched off, or the process ends."""
    _STOPPED.add(host)
    process = _PROCESSES.pop(host, None)
    if process is not None:
        await process.close()
