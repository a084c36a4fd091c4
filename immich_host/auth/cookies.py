"""The three cookies of a signed-in browser (the mobile app keeps them too)."""

from datetime import timedelta
from typing import Final, Literal

from quart import Request, Response

from immich_host.auth.credentials import ACCESS_COOKIE
from immich_host.plugin_api.web import is_https

TYPE_COOKIE: Final = "immich_auth_type"
SIGNED_IN_COOKIE: Final = "immich_is_authenticated"
LIFETIME: Final = timedelta(days=400)

type AuthType = Literal["password", "oauth"]


def sign_in(response: Response, request: Request, token: str, auth_type: AuthType = "password") -> None:
    """Give the client its session."""
    for name, value in ((ACCESS_COOKIE, token), (TYPE_COOKIE, auth_type), (SIGNED_IN_COOKIE, "true")):
        response.set_cookie(
            name,
            value,
            max_age=LIFETIME,
            path="/",
            secure=is_https(request),
            httponly=name != SIGNED_IN_COOKIE,
            samesite="Lax",
        )


def sign_out(response: Response) -> None:
    """Take the session from the client."""
    for name in (ACCESS_COOKIE, TYPE_COOKIE, SIGNED_IN_COOKIE):
        response.delete_cookie(name, path="/", samesite="Lax")
