"""What a browser shows for a link: its key, and that its password was given."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterable, Sequence
from hashlib import sha256
from hmac import compare_digest
from http.cookies import SimpleCookie
from secrets import token_bytes
from typing import Final
from uuid import UUID

KEY_BYTES: Final = 50
COOKIE: Final = "immich_shared_link_token"
_LIFETIME: Final = 24 * 60 * 60
_KEPT: Final = 20
"""Links whose passwords a browser is known to have at a time; a cookie has no room for many more."""


def new_key() -> bytes:
    """A key that nobody guesses."""
    return token_bytes(KEY_BYTES)


def key_text(key: bytes) -> str:
    """A key as it stands in addresses."""
    return urlsafe_b64encode(key).decode().rstrip("=")


def key_of(text: str) -> bytes | None:
    """The key of an address, in base64 or as 100 hexadecimal digits; None for what is none."""
    try:
        if len(text) == 2 * KEY_BYTES:
            key = bytes.fromhex(text)
        else:
            digits = text.rstrip("=")
            key = b64decode(digits + "=" * (-len(digits) % 4), altchars=b"-_", validate=True)
    except (ValueError, Error):
        return None
    return key if len(key) == KEY_BYTES else None


def proof(link_id: UUID, password: str) -> str:
    """What is kept of a password that was given; another password makes another one."""
    digest = sha256(f"{link_id}-{password}".encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def is_proven(link_id: UUID, password: str | None, proofs: Iterable[str]) -> bool:
    """Whether one of the proofs is that of the link's password, which may also have none."""
    if password is None:
        return True
    wanted = proof(link_id, password).encode()
    return any(compare_digest(wanted, each.encode("utf-8", "surrogatepass")) for each in proofs)


def is_password(given: str, password: str) -> bool:
    """Whether it is the password; takes as long whichever characters differ."""
    return compare_digest(given.encode("utf-8", "surrogatepass"), password.encode("utf-8", "surrogatepass"))


def cookie(proofs: Sequence[str], *, secure: bool) -> str:
    """The header `Set-Cookie` with these proofs, the latest last."""
    made = SimpleCookie({COOKIE: ",".join(list(dict.fromkeys(proofs))[-_KEPT:])})
    morsel = made[COOKIE]
    morsel.update({"path": "/", "max-age": str(_LIFETIME), "samesite": "Lax"})
    morsel["httponly"], morsel["secure"] = True, secure
    return morsel.OutputString()
