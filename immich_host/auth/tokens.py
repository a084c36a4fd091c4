"""Secrets of sessions and API keys: random text for the client, its SHA-256 for the database."""

import base64
import re
import secrets
from hashlib import sha256

_OTHERS = re.compile(r"[^a-zA-Z0-9]")


def new_token() -> str:
    """32 random bytes as letters and digits."""
    return _OTHERS.sub("", base64.b64encode(secrets.token_bytes(32)).decode())


def digest(token: str) -> bytes:
    """What is stored of a token."""
    return sha256(token.encode()).digest()
