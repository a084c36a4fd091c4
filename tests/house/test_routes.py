"""Every route of the host and of all installed plugins, looked at together."""

import re
from collections import Counter
from collections.abc import Iterable

from immich_host.app import openapi_document
from immich_host.checking.registered import registered
from immich_host.hosting import Hosting
from immich_host.plugin_api.permissions import Permission
from immich_host.plugin_api.web import FREE, Route, Routes
from immich_host.web import HOST_ROUTES, catalogue_of
from tests.house.sources import nothing


def all_routes() -> list[tuple[str, Route]]:
    """(owner, route); counted from the declarations, before any catalogue has thrown one out."""
    found: list[tuple[str, Iterable[Routes]]] = [("host", HOST_ROUTES)]
    found += [(record.name, record.brings.routes) for record in Hosting().order]
    return [(owner, route) for owner, groups in found for group in groups for route in group.routes]


def twice(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def test_no_two_routes_have_one_method_and_path():
    nothing(twice(f"{route.method} {re.sub(r'{[^}]*}', '{}', route.path)}" for _, route in all_routes()))


def test_every_route_of_the_host_is_served():
    served = {id(entry.route) for entry in catalogue_of(Hosting())}
    nothing(f"{route.method} {route.path}" for _, route in all_routes() if id(route) not in served)


def test_every_route_states_a_permission_or_that_it_is_public():
    nothing(
        f"{owner}: {route.method} {route.path}"
        for owner, route in all_routes()
        if (route.permission is None) != route.public
        or not (route.public or route.permission == FREE or isinstance(route.permission, Permission))
    )


def test_routes_of_administrators_are_not_open_to_others():
    nothing(
        f"{owner}: {route.method} {route.path}"
        for owner, route in all_routes()
        if route.path.startswith("/admin/") and not (route.admin and not route.public and not route.shared_link)
    )


def test_operation_ids_are_there_and_unique():
    operations = [operation for path in openapi_document()["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    nothing(twice(ids))
    assert all(ids)


def test_what_plugins_hand_over_is_named_and_valid():
    records = Hosting().order
    nothing(str(finding) for record in records for finding in registered(record))
    assert records
