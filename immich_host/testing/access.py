"""Who may ask for what: a table of a plugin's requests, and the three questions that each of them has to pass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from immich_host.testing.host import RunningHost, expect

NOWHERE: Final = str(uuid4())
"""The id of nothing."""

_WORD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Ask:
    """A request in whose path and body words stand for ids: `Ask("PUT", "/tags/{tag}", "tag.update", {"name": "x"})`.

    Args:
        method: GET, POST, ...
        path: Without `/api`; a query may follow.
        permission: What an API key needs for it.
        body: Sent as JSON.
    """

    method: str
    path: str
    permission: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def route(self) -> tuple[str, str]:
        """Method and path of its route, without names of parameters."""
        return self.method, _shape(self.path.partition("?")[0])

    def names(self, *words: str) -> bool:
        """Whether one of these words is in its path or body."""
        return any(f"{{{word}}}" in f"{self.path}{self.body}" for word in words)

    async def send(self, client: httpx.AsyncClient, ids: Mapping[str, str]) -> httpx.Response:
        """The answer to the request with these ids; words that are not among them stand for nothing."""
        return await client.request(self.method, f"/api{_filled(self.path, ids)}", json=_filled(self.body, ids))


def routes_of(host: RunningHost, plugin: str) -> set[tuple[str, str]]:
    """What `Ask.route` of all requests has to be, so that no route is forgotten."""
    brought = host.kernel.hosting.records[plugin].brings.routes
    return {(route.method, _shape(route.path)) for routes in brought for route in routes.routes}


async def needs_credentials(host: RunningHost, ask: Ask) -> None:
    """Assert that nobody is answered who does not say who they are."""
    expect(await ask.send(host.anonymous(), {}), 401)


async def needs_permission(
    host: RunningHost, ask: Ask, ids: Mapping[str, str], *, user: str = "admin"
) -> httpx.Response:
    """Assert that a key of `user` with another permission is refused by the name of the one it lacks.

    Returns:
        The answer to a key that holds it, which is not 403.
    """
    without = await host.key_client("album.read" if ask.permission != "album.read" else "person.read", user=user)
    assert ask.permission in expect(await ask.send(without, ids), 403)["message"]
    answer = await ask.send(await host.key_client(ask.permission, user=user), ids)
    assert answer.status_code != 403, answer.text
    return answer


async def hides(ask: Ask, client: httpx.AsyncClient, ids: Mapping[str, str]) -> httpx.Response:
    """Assert that a stranger's client gets the same answer for these ids as for those of nothing.

    That nothing was changed is for the caller to see.

    Returns:
        That answer.
    """
    strange, unknown = await ask.send(client, ids), await ask.send(client, {})
    assert (strange.status_code, strange.text) == (unknown.status_code, unknown.text)
    return strange


def _shape(path: str) -> str:
    return _WORD.sub("{}", path)


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, ids) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    return _WORD.sub(lambda found: ids.get(found[1], NOWHERE), value) if isinstance(value, str) else value
