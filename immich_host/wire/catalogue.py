"""Every route of host and plugins in one list, which no two may claim."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from immich_host.plugin_api.web import Route, Routes

_PARAMETER = re.compile(r"\{[^}]*\}")


class DuplicateRoute(Exception):
    """Two owners declare the same method and path; refused at boot."""


@dataclass(slots=True)
class Entry:
    """A route with its owner: a plugin's name, or None for the host.

    `idle` answers while the owner is switched off; without it the answer is 404.
    """

    route: Route
    owner: str | None
    idle: Route | None = None


class Catalogue:
    """The routes to be served, and to be described in the OpenAPI document."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def add(self, routes: Routes | Iterable[Routes], owner: str | None = None) -> None:
        """Take in routes of the host (no owner) or of a plugin.

        Raises:
            DuplicateRoute: One of them exists already; the message names both owners.
        """
        for group in [routes] if isinstance(routes, Routes) else routes:
            for route in group.routes:
                key = (route.method, _PARAMETER.sub("{}", route.path))
                other = self._entries.get(key)
                if other is not None:
                    msg = f"{route.method} {route.path} is declared by {_name(other.owner)} and by {_name(owner)}"
                    raise DuplicateRoute(msg)
                self._entries[key] = Entry(route, owner)

    def add_idle(self, routes: Routes) -> None:
        """Take in the empty answers; call it when all other routes are there."""
        for route in routes.routes:
            key = (route.method, _PARAMETER.sub("{}", route.path))
            entry = self._entries.get(key)
            if entry is None:
                self._entries[key] = Entry(route, None)
            elif entry.owner is not None:
                entry.idle = route

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)


def _name(owner: str | None) -> str:
    return "the host" if owner is None else f"plugin {owner!r}"
