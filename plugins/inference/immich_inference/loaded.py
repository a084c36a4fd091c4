"""Models in memory: loaded when they are wanted, unloaded when nobody has wanted them for a while or room is needed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Runner
from immich_inference.batching import Batcher
from immich_inference.errors import ModelBroken
from immich_inference.layout import clean_name
from immich_inference.registry import Found, Registry
from immich_inference.sessions import OrtSession, Sessions

log = structlog.get_logger("inference")

type Key = tuple[str, str, str]
"""Task, clean name, type."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept.

    Args:
        memory: Bytes of models.
        keep_seconds: How long an unused model stays; 0: for ever.
    """

    memory: int
    keep_seconds: float


@dataclass(slots=True)
class Loaded:
    """A type of a model in memory."""

    key: Key
    place: Path
    runner: Runner
    batcher: Batcher
    sessions: list[OrtSession] = field(default_factory=list[OrtSession])
    users: int = 0
    used_at: float = 0.0

    @property
    def files(self) -> dict[Path, int]:
        """Its ONNX files with their sizes."""
        return {each.file: each.size for each in self.sessions}


class Pool:
    """The models of one process."""

    def __init__(
        self, registry: Registry, sessions: Sessions, limits: Callable[[], Limits], prepare: Executor, run: Executor
    ) -> None:
        self._registry = registry
        self._sessions = sessions
        self._limits = limits
        self.on_change: Callable[[], None] = lambda: None
        """Called when something was loaded or unloaded."""
        self._prepare = prepare
        self._run = run
        self._loaded: dict[Key, Loaded] = {}
        self._loading: dict[Key, asyncio.Future[Loaded]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    @property
    def loaded(self) -> list[Loaded]:
        """What is in memory, least recently used first."""
        return sorted(self._loaded.values(), key=lambda each: each.used_at)

    @property
    def limits(self) -> Limits:
        """How much is kept, as of now."""
        return self._limits()

    @property
    def held(self) -> int:
        """Bytes of models in memory; a file that two of them use counts once."""
        files: dict[Path, int] = {}
        for each in self._loaded.values():
            files |= each.files
        return sum(files.values())

    @asynccontextmanager
    async def use(self, task: str, type: str, model: str) -> AsyncIterator[Loaded]:
        """A model's type, loaded if need be, which stays for as long as the block lasts.

        Raises:
            NoModel: It is not here.
            ModelBroken: Its files cannot be loaded.
        """
        found = self._registry.find(task, type, model)
        loaded = await self._get((task, clean_name(model), type), found)
        loaded.users += 1
        try:
            yield loaded
        finally:
            loaded.users -= 1
            loaded.used_at = time.monotonic()
            self._make_room(0)
            self._look_again()

    async def _get(self, key: Key, found: Found) -> Loaded:
        known = self._loaded.get(key)
        if known is not None and known.place == found.place:
            return known
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.ensure_future(self._load(key, found))
            loading.add_done_callback(lambda done: self._arrived(key, done))
        return await asyncio.shield(loading)

    async def _load(self, key: Key, found: Found) -> Loaded:
        loop = asyncio.get_running_loop()
        self._make_room(self._sessions.size(found.place))
        started = time.monotonic()
        opened: list[OrtSession] = []

        def open_session(place: Path, **entries: str) -> OrtSession:
            opened.append(self._sessions.open(place, **entries))
            return opened[-1]

        try:
            runner = await loop.run_in_executor(self._prepare, found.step.load, found.place, open_session)
        except (JobFailed, MemoryError):
            raise
        except Exception as error:  # each library has its own: `tokenizers` raises bare ones
            msg = f"the model at {found.place} cannot be loaded: {type(error).__name__}: {error}"
            raise ModelBroken(msg) from error
        batcher = Batcher(runner, found.step.max_batch, self._run)
        log.info("a model is loaded", model="/".join(key), seconds=round(time.monotonic() - started, 2))
        return Loaded(key, found.place, runner, batcher, opened, used_at=time.monotonic())

    def _arrived(self, key: Key, done: "asyncio.Future[Loaded]") -> None:
        del self._loading[key]
        if not done.cancelled() and done.exception() is None and not self._is_closed:
            self._loaded[key] = done.result()
            self.on_change()
            self._look_again()

    def _make_room(self, wanted: int) -> None:
        """Unload what was used least recently until there is room; never what is in use, even if it is too much."""
        room = self._limits().memory
        for each in self.loaded:
            if self.held + wanted <= room:
                return
            if not each.users:
                self._drop(each, "room is needed")

    def _drop(self, loaded: Loaded, why: str) -> None:
        del self._loaded[loaded.key]
        log.info("a model is unloaded", model="/".join(loaded.key), why=why)
        self.on_change()

    def _look_again(self) -> None:
        """See to it that what nobody uses is unloaded in time."""
        seconds = self._limits().keep_seconds
        idle = [each.used_at for each in self._loaded.values() if not each.users]
        if self._timer is None and idle and seconds:
            wait = max(0.0, min(idle) + seconds - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._drop_idle)

    def _drop_idle(self) -> None:
        self._timer = None
        before = time.monotonic() - self._limits().keep_seconds
        for each in self.loaded:
            if not each.users and each.used_at <= before:
                self._drop(each, "nobody has used it")
        self._look_again()

    def close(self) -> None:
        """Unload everything for good; what is in use, or is being loaded, goes with its last user."""
        self._is_closed = True
        self._loaded.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
