"""The client's side of Immich's protocol: services asked in order, each failure goes on to the next."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import structlog

from immich_inference.api import Ask, Prediction
from immich_inference.health import Health, Watch
from immich_inference.protocol import entries_of, prediction_of
from immich_inference.settings import MachineLearning

log = structlog.get_logger("inference")

ANSWER_SECONDS = 300.0
"""How long a service may take: it may have to download and load a model."""
REFUSED_SECONDS = 300.0
"""How long a service that could not do something is not asked for the same again."""
REFUSALS = 3
"""So many in a row, and it is the service that cannot do it: one may be the picture's fault."""
_BAD_REQUEST = 400
_PASSING = frozenset({_BAD_REQUEST, 413, 429, 502, 503, 504})
"""Statuses that tell of one picture, or of a service that is busy or away for the moment."""


@dataclass(slots=True)
class NobodyElse(Exception):
    """No service gave an answer.

    Args:
        reasons: Address -> why.
        bad_input: What a service said is wrong with the input.
    """

    reasons: dict[str, str] = field(default_factory=dict[str, str])
    bad_input: str = ""

    def __str__(self) -> str:
        """All reasons."""
        return "; ".join(f"{url}: {reason}" for url, reason in self.reasons.items())


class _Refused(Exception):
    """A service answered, and not with a prediction."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True)
class _Refusals:
    """What a service has not done of what it was asked."""

    in_a_row: int = 0
    until: float = 0.0
    """Seconds of the monotonic clock: so long it is not asked for the same."""


class Services:
    """The services of the settings; make it in the event loop that it is used in, and close it."""

    def __init__(self, settings: Callable[[], MachineLearning]) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(ANSWER_SECONDS, connect=5.0), trust_env=False)
        self._watch = Watch(self._client, lambda: settings().urls)
        self._refused: dict[Hashable, _Refusals] = {}

    def health(self) -> dict[str, Health]:
        """Address -> what is known of it, in the order of the settings."""
        return {url: self._watch.of(url) for url in self._settings().urls}

    async def look(self) -> None:
        """See to it that something is known of each."""
        await self._watch.look(lambda: self._settings().availability_checks)

    async def predict(
        self, asks: Sequence[Ask], image: Path | bytes | None, text: str | None, *, try_all: bool
    ) -> Prediction:
        """The first answer of a service.

        Args:
            asks: What is asked for.
            image: A picture, or
            text: a text.
            try_all: Ask those too that did not answer when they were looked at, after the others.

        Raises:
            NobodyElse: None gave an answer.
        """
        nobody = NobodyElse()
        data = {"entries": entries_of(asks)}
        for url in await self._in_order(try_all=try_all):
            key = (url, data["entries"])
            if key in self._refused and self._refused[key].until > time.monotonic():
                nobody.reasons[url] = "it could not do this a moment ago"
                continue
            try:
                answer = await self._ask(url, data, asks, image, text)
            except _Refused as refused:
                self._note_refusal(key, refused)
                nobody.reasons[url] = str(refused)
                if refused.status == _BAD_REQUEST:
                    nobody.bad_input = str(refused)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                nobody.reasons[url] = str(error) or type(error).__name__
                self._watch.note(url, nobody.reasons[url])
            else:
                self._refused.pop(key, None)
                return answer
        raise nobody

    async def _in_order(self, *, try_all: bool) -> list[str]:
        """Healthy ones first, each group in the order of the settings; all where nobody looks after them."""
        settings = self._settings()
        if not settings.availability_checks.enabled:
            return list(settings.urls)
        await self.look()
        healthy = [url for url in settings.urls if self._watch.of(url).is_healthy]
        return [*healthy, *[url for url in settings.urls if try_all and url not in healthy]]

    async def _ask(
        self, url: str, data: dict[str, str], asks: Sequence[Ask], image: Path | bytes | None, text: str | None
    ) -> Prediction:
        """Ask one service.

        Raises:
            _Refused: It gave no prediction.
            httpx.HTTPError: It gave no answer.
        """
        if image is not None:
            content = image if isinstance(image, bytes) else await asyncio.to_thread(image.read_bytes)
            answer = await self._client.post(f"{url}/predict", data=data, files={"image": ("image", content)})
        else:
            parts = {"entries": (None, data["entries"]), "text": (None, text or "")}
            answer = await self._client.post(f"{url}/predict", files=parts)
        if not answer.is_success:
            raise _Refused(answer.status_code, f"HTTP {answer.status_code}: {answer.text[:300]}")
        try:
            return prediction_of(answer.content, asks)
        except (ValueError, TypeError) as error:
            raise _Refused(answer.status_code, f"its answer cannot be used: {error}") from error

    def _note_refusal(self, key: Hashable, refused: _Refused) -> None:
        """A picture that is bad is no matter of the service's, and one that is busy will do it later."""
        if refused.status in _PASSING:
            return
        log.warning("a service cannot do what is asked of it", service=key, reason=str(refused))
        known = self._refused.setdefault(key, _Refusals())
        known.in_a_row += 1
        if known.in_a_row >= REFUSALS:
            known.until = time.monotonic() + REFUSED_SECONDS

    async def close(self) -> None:
        """Close all connections."""
        await self._watch.close()
        await self._client.aclose()
