"""One try of a delivery; no database, no framework."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from immich_webhooks.signing import sign
from immich_webhooks.targets import Forbidden, check_form, public_address

GOOD = range(200, 300)


@dataclass(frozen=True, slots=True)
class Try:
    """How it went: the answer's status, else an error."""

    answer: int | None
    error: str | None
    milliseconds: int
    is_hopeless: bool = False
    """Another try cannot go better."""

    @property
    def is_delivered(self) -> bool:
        """Whether the endpoint has taken it."""
        return self.answer in GOOD


async def send(
    url: str, secret: str, *, fact: str, delivery_id: UUID, body: bytes, timeout_seconds: float, anywhere: bool
) -> Try:
    """POST a signed body; redirects are not followed and the answer's body is not read.

    Args:
        url: The endpoint.
        secret: Its key for signing.
        fact: In the header `X-Webhook-Fact`.
        delivery_id: In the header `X-Webhook-Id`, the same in each try.
        body: JSON.
        timeout_seconds: For all of it.
        anywhere: Private and local addresses too.
    """
    started = time.monotonic()
    timestamp = int(time.time())
    headers = {
        "content-type": "application/json",
        "user-agent": "immich-host-webhooks",
        "x-webhook-id": str(delivery_id),
        "x-webhook-fact": fact,
        "x-webhook-timestamp": str(timestamp),
        "x-webhook-signature": sign(secret, timestamp, body),
    }
    answer, error, is_hopeless = None, None, False
    try:
        answer = await _post(url, headers, body, timeout_seconds, anywhere=anywhere)
    except Forbidden as refusal:
        error, is_hopeless = str(refusal), True
    except (TimeoutError, httpx.TimeoutException):
        error = f"no answer within {timeout_seconds:g} s"
    except (OSError, httpx.HTTPError, httpx.InvalidURL) as failure:
        error = f"{type(failure).__name__}: {failure}"
    if answer is not None and answer not in GOOD:
        error = f"answered {answer}"
        is_hopeless = answer == 410  # gone: the receiver wants no more of it
    return Try(answer, error, round((time.monotonic() - started) * 1000), is_hopeless)


async def _post(url: str, headers: dict[str, str], body: bytes, seconds: float, *, anywhere: bool) -> int:
    check_form(url)
    async with asyncio.timeout(seconds), httpx.AsyncClient(timeout=seconds, trust_env=False) as client:
        target, extensions = httpx.URL(url), {}
        if not anywhere:
            # connect to the address that was checked, under the name that the certificate is for
            headers = {"host": urlsplit(url).netloc, **headers}
            extensions = {"sni_hostname": target.host}
            target = target.copy_with(host=await public_address(url))
        async with client.stream("POST", target, headers=headers, content=body, extensions=extensions) as response:
            return response.status_code
