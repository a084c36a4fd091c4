"""Where a request carries its credentials. The first kind that is there decides; a bad one is not replaced."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

ACCESS_COOKIE: Final = "immich_access_token"
SHARED_LINK_COOKIE: Final = "immich_shared_link_token"


class Kind(Enum):
    """What sort of credential; the value is what a bad one is answered with."""

    SHARE_KEY = "Invalid share key"
    SHARE_SLUG = "Invalid share slug"
    SESSION = "Invalid user token"
    API_KEY = "Invalid API key"


class Credential(NamedTuple):
    """What a request shows."""

    kind: Kind
    value: str


_NOTHING: Final[Mapping[str, str]] = {}
_NAMES: Final = (b"key=", b"slug=", b"sessionKey=", b"apiKey=")


def find(headers: Mapping[str, str], query_string: bytes, cookies: Mapping[str, str]) -> Credential | None:
    """The credential that decides, or None.

    Args:
        headers: By lower-case name.
        query_string: Without the question mark.
        cookies: By name.
    """
    query = _query(query_string)
    if value := headers.get("x-immich-share-key") or query.get("key"):
        return Credential(Kind.SHARE_KEY, value)
    if value := headers.get("x-immich-share-slug") or query.get("slug"):
        return Credential(Kind.SHARE_SLUG, value)
    if value := (
        headers.get("x-immich-user-token")
        or headers.get("x-immich-session-token")
        or query.get("sessionKey")
        or _bearer(headers.get("authorization"))
        or cookies.get(ACCESS_COOKIE)
    ):
        return Credential(Kind.SESSION, value)
    if value := headers.get("x-api-key") or query.get("apiKey"):
        return Credential(Kind.API_KEY, value)
    return None


def _bearer(value: str | None) -> str | None:
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _query(query_string: bytes) -> Mapping[str, str]:
    """The query string, if it can hold a credential at all."""
    if not query_string or not any(name in query_string for name in _NAMES):
        return _NOTHING
    return dict(parse_qsl(query_string.decode("latin-1")))
