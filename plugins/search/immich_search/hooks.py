"""Wiring: what this plugin hands to the host."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from immich_host.plugin_api import Routes, hookimpl
from immich_search import explore_routes, routes


@hookimpl
def register_migrations() -> Path:
    """Indexes over the host's tables."""
    return Path(__file__).parent / "migrations"


@hookimpl
def register_blueprints() -> Sequence[Routes]:
    """Searches, and what there is to search for."""
    return [routes.ROUTES, explore_routes.ROUTES]


@hookimpl
async def api_features() -> Mapping[str, bool]:
    """Tell clients that there is a search."""
    return {"search": True}
