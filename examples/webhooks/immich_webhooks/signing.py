"""The signature: HMAC-SHA256 over `<timestamp>.<body>`; also for receivers to copy."""

import hashlib
import hmac
import time

SCHEME = "v1"
TOLERANCE_SECONDS = 300


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of the header `X-Webhook-Signature`."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"{SCHEME}={signed.hexdigest()}"


def verify(secret: str, timestamp: str, signature: str, body: bytes, *, now: float | None = None) -> bool:
    """Whether a request is genuine and fresh; both headers as they came."""
    if not timestamp.isascii() or not timestamp.isdigit():
        return False
    age = abs((time.time() if now is None else now) - int(timestamp))
    return age <= TOLERANCE_SECONDS and hmac.compare_digest(sign(secret, int(timestamp), body), signature)
