"""Hashes of passwords and PINs: bcrypt, as Immich has them, off the event loop."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

import bcrypt

COST: Final = 10
LONGEST: Final = 72
"""bcrypt reads this many bytes; Immich's own implementation drops the rest, so hashes made there stay valid."""

_THREADS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="bcrypt")


def hash_now(secret: str) -> str:
    """The hash of a password or PIN. Takes some 50 ms of a core."""
    return bcrypt.hashpw(_bytes(secret), bcrypt.gensalt(COST)).decode()


async def hash_secret(secret: str) -> str:
    """The hash of a password or PIN."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, hash_now, secret)


async def matches(secret: str, hashed: str | None) -> bool:
    """Whether a secret is the one that was hashed; without a hash it is not, and that takes as long to say."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _matches, secret, hashed)


def _matches(secret: str, hashed: str | None) -> bool:
    try:
        same = bcrypt.checkpw(_bytes(secret), (hashed or _nobodys()).encode())
    except ValueError:  # what is stored is no bcrypt hash
        return False
    return same and bool(hashed)


@cache
def _nobodys() -> str:
    return hash_now(secrets.token_hex())


def _bytes(secret: str) -> bytes:
    return secret.encode()[:LONGEST]
