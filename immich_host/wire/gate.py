"""The one place where a request is let in: who asks, and whether the route is open to them."""

from collections.abc import Mapping
from typing import Any, Protocol

from werkzeug.http import parse_cookie

from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import FREE, Caller, Route

AUTHENTICATION_REQUIRED = "Authentication required"
FORBIDDEN = "Forbidden"
PASSWORD_REQUIRED = "Password required"  # noqa: S105 - what callers by a shared link are told
SESSION_REQUIRED = "A signed-in session is required"


class Gate(Protocol):
    """Finds out who asks; the auth domain implements it."""

    async def identify(
        self, headers: Mapping[str, str], query_string: bytes, cookies: Mapping[str, str]
    ) -> Caller | None:
        """The caller behind a request's credentials; None if there are none.

        Args:
            headers: Names in lower case; of a repeated header the last one.
            query_string: Without the question mark.
            cookies: By name.

        Raises:
            Refused: The credentials are bad (401).
        """
        ...


def check(route: Route, caller: Caller | None) -> None:
    """Enforce what a route declares. Used by every route and by the byte lane alike.

    Raises:
        Refused: 401 without a caller, 403 where the caller may not.
    """
    if route.public:
        return
    if caller is None:
        raise Refused(401, AUTHENTICATION_REQUIRED)
    if caller.shared_link is not None:
        if not route.shared_link:
            raise Refused(403, FORBIDDEN)
        if caller.shared_link.wants_password and not route.before_password:
            raise Refused(401, PASSWORD_REQUIRED)
        return
    if route.admin and not caller.is_admin:
        raise Refused(403, FORBIDDEN)
    if caller.permissions is None:
        return
    if route.session_only:
        raise Refused(403, SESSION_REQUIRED)
    _check_key(route, caller.permissions)


def _check_key(route: Route, granted: frozenset[str]) -> None:
    needed = route.permission or Permission.ALL
    if needed != FREE and needed not in granted and Permission.ALL not in granted:
        raise Refused(403, f"Missing required permission: {needed}")


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """The headers of an ASGI scope by lower-case name."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _cookies_of(scope: Mapping[str, Any]) -> Mapping[str, str]:
    """The cookies of an ASGI scope by name; HTTP/2 may spread them over several headers."""
    return parse_cookie(b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1"))


async def admit(gate: Gate, route: Route, scope: Mapping[str, Any]) -> Caller | None:
    """Who asks, if the route is open to them; None only on public routes.

    Args:
        gate: Finds out who asks.
        route: What is asked for.
        scope: The ASGI scope of the request.

    Raises:
        Refused: 401 or 403.
    """
    if route.public:
        return None
    caller = await gate.identify(headers_of(scope), scope["query_string"], _cookies_of(scope))
    check(route, caller)
    return caller
