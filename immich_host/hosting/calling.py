"""Calls hook implementations one by one: pluggy sees only coroutine objects of async hooks.

Every call goes through here; nobody else touches pluggy's `hook`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import pluggy
import structlog

from immich_host.plugin_api.errors import Refused

log = structlog.get_logger("hosting")

LISTENER_SECONDS = 30.0
"""A fact's listener that takes longer is cancelled: slow work belongs into a job."""
MUTED_SECONDS = 300.0
"""One that was cancelled is told of nothing for so long, else every fact would wait for it."""
SLOW_SECONDS = 1.0
ANSWER_SECONDS = 30.0
"""A guard or a part of an answer that takes longer has failed: somebody waits for it."""
LIFECYCLE_SECONDS = 15.0
"""A plugin that takes longer to check, start or hear of settings has failed: the host waits for it."""
STOP_SECONDS = 2.0
"""A plugin that takes longer to stop is left to itself: the process is about to end."""

type Listener = Callable[..., Awaitable[None]]

type Conflict = Callable[[str, str], None]
"""Told of a plugin that gives what an earlier one gives, and what that is."""


class Implementation:
    """One plugin's implementation of a hook, callable with all the hook's arguments."""

    __slots__ = ("_arguments", "_function", "fail_closed", "muted_until", "plugin")

    def __init__(self, impl: pluggy.HookImpl) -> None:
        self.plugin: str = impl.plugin_name
        self._function = impl.function
        self._arguments = impl.argnames
        self.fail_closed: bool = getattr(impl.function, "immich_host_fail_closed", False)
        self.muted_until = 0.0

    def __call__(self, arguments: Mapping[str, Any]) -> Any:
        """Call with those of `arguments` that the implementation takes."""
        return self._function(*[arguments[name] for name in self._arguments])

    async def within(self, seconds: float, arguments: Mapping[str, Any]) -> Any:
        """Call and await with a limit.

        Raises:
            TimeoutError: It was cancelled for taking longer, or gave up itself.
        """
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await self(arguments)
        except TimeoutError as error:
            if not limit.expired():
                raise
            msg = f"no end within {seconds:g} seconds"
            raise TimeoutError(msg) from error


async def guard(implementations: list[Implementation], arguments: Mapping[str, Any], *, fail_closed: bool) -> None:
    """First refusal wins.

    Raises:
        Refused: By an implementation, or for its error where it (or the hook) fails closed.
    """
    for implementation in implementations:
        try:
            await implementation.within(ANSWER_SECONDS, arguments)
        except Refused:
            raise
        except Exception as error:
            log.exception("a guard failed", plugin=implementation.plugin)
            if fail_closed or implementation.fail_closed:
                raise Refused(500, f"The plugin {implementation.plugin} could not check this request") from error


async def gather_mapping(
    hook: str,
    implementations: list[Implementation],
    arguments: Mapping[str, Any],
    *,
    strict: bool,
    conflict: Conflict,
) -> dict[str, Any]:
    """Merge the mappings of all implementations; where two give one key, the first in order is taken.

    Args:
        hook: Name, for messages.
        implementations: In order.
        arguments: All of the hook's arguments.
        strict: An error fails the call; otherwise it is logged and that plugin's part is left out.
        conflict: Told of keys that were left out.
    """
    merged: dict[str, Any] = {}
    owners: dict[str, str] = {}
    for implementation in implementations:
        try:
            part = await implementation.within(ANSWER_SECONDS, arguments)
        except Exception:
            if strict:
                raise
            log.exception("a plugin's part of an answer failed", hook=hook, plugin=implementation.plugin)
            continue
        for key, value in (part or {}).items():
            if key in owners:
                conflict(implementation.plugin, f"{hook}: {key} is given by {owners[key]} already; that one is taken")
            else:
                owners[key] = implementation.plugin
                merged[key] = value
    return merged


async def gather_set(hook: str, implementations: list[Implementation], arguments: Mapping[str, Any]) -> set[Any]:
    """The union of all implementations' sets; an error is logged and adds nothing."""
    merged: set[Any] = set()
    for implementation in implementations:
        try:
            merged |= set(await implementation.within(ANSWER_SECONDS, arguments) or ())
        except Exception:
            log.exception("a plugin's part of an answer failed", hook=hook, plugin=implementation.plugin)
    return merged


async def publish(fact: str, implementations: list[Implementation], arguments: Mapping[str, Any]) -> None:
    """Tell every listener; each is timed and isolated from the others. One that hung is left out for a while."""
    for implementation in implementations:
        if time.monotonic() < implementation.muted_until:
            continue
        if not await isolated(fact, implementation.plugin, partial(implementation, arguments)):
            implementation.muted_until = time.monotonic() + MUTED_SECONDS
            log.error("a listener is told of nothing for a while", fact=fact, plugin=implementation.plugin)


async def isolated(fact: str, plugin: str, call: Callable[[], Awaitable[None]]) -> bool:
    """Call one listener; whatever goes wrong is logged against its plugin. False where it had to be cancelled."""
    started = time.monotonic()
    limit = asyncio.timeout(LISTENER_SECONDS)
    try:
        async with limit:
            await call()
    except Exception:
        log.exception("a listener failed", fact=fact, plugin=plugin)
    seconds = time.monotonic() - started
    if seconds > SLOW_SECONDS:
        log.warning("a listener is slow; slow work belongs into a job", fact=fact, plugin=plugin, seconds=seconds)
    return not limit.expired()
