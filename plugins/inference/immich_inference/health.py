"""Which services answer: each is asked for `/ping` every now and then."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx
import structlog

from immich_inference.settings import DEFAULT_URL, AvailabilityChecks

log = structlog.get_logger("inference")


@dataclass(frozen=True, slots=True)
class Health:
    """What the last look at a service has shown.

    Args:
        is_healthy: Whether it answered; None where nobody has looked yet.
        reason: Why it is not.
        checked_at: Seconds of the monotonic clock.
    """

    is_healthy: bool | None = None
    reason: str = ""
    checked_at: float = 0.0


class Watch:
    """Looks after services from its first use on, until it is closed."""

    def __init__(self, client: httpx.AsyncClient, urls: Callable[[], Sequence[str]]) -> None:
        self._client = client
        self._urls = urls
        self._known: dict[str, Health] = {}
        self._task: asyncio.Task[None] | None = None

    def of(self, url: str) -> Health:
        """What is known of a service."""
        return self._known.get(url, Health())

    def note(self, url: str, reason: str) -> None:
        """A service was found not to answer; the next look will tell whether it does again."""
        if self.of(url).is_healthy is not False and (url != DEFAULT_URL or self.of(url).is_healthy):
            log.warning("a service for models does not answer", url=url, reason=reason)
        self._known[url] = Health(is_healthy=False, reason=reason, checked_at=time.monotonic())

    async def look(self, checks: Callable[[], AvailabilityChecks]) -> None:
        """See to it that something is known of each service, and keep looking."""
        unknown = [url for url in self._urls() if self.of(url).is_healthy is None]
        if unknown:
            await self._look_at(unknown, checks().timeout / 1000)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep_looking(checks))

    async def _keep_looking(self, checks: Callable[[], AvailabilityChecks]) -> None:
        while True:
            await asyncio.sleep(checks().interval / 1000)  # a service tells nobody that it has come or gone
            if checks().enabled:
                await self._look_at(self._urls(), checks().timeout / 1000)

    async def _look_at(self, urls: Sequence[str], seconds: float) -> None:
        await asyncio.gather(*[self._ping(url, seconds) for url in urls])

    async def _ping(self, url: str, seconds: float) -> None:
        try:
            answer = await self._client.get(f"{url}/ping", timeout=seconds)
            answer.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.note(url, _reason(error))
        else:
            if self.of(url).is_healthy is not True:
                log.info("a service for models answers", url=url)
            self._known[url] = Health(is_healthy=True, checked_at=time.monotonic())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
