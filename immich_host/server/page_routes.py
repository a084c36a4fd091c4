"""The few addresses outside `/api`: discovery, theme, icon, and the page at `/`."""

from quart import Quart, Response, request

from immich_host.server import store
from immich_host.server.plugin_page_routes import PluginPages
from immich_host.server.start_page import PAGES, POLICY, start_page
from immich_host.settings.store import ServerSection, SettingsKernel, ThemeSection
from immich_host.wire.answers import json_response

WELL_KNOWN = {"api": {"endpoint": "/api"}}
_ICON = (PAGES / "icon.svg").read_bytes()


def bind_pages(app: Quart, host: SettingsKernel) -> None:
    """Serve these addresses, and the pages of plugins, of which one may take `/`."""
    plugins = PluginPages(host.hosting)
    plugins.bind(app)

    async def well_known() -> Response:
        return json_response(WELL_KNOWN)

    async def custom_css() -> Response:
        css = host.live_settings.get(ThemeSection).custom_css
        return _cached(Response(css, content_type="text/css; charset=utf-8"), "no-cache")

    async def icon() -> Response:
        return _cached(Response(_ICON, content_type="image/svg+xml"), "public, max-age=86400")

    async def start() -> Response:
        if (page := await plugins.answer("")) is not None:
            return page
        origin = host.live_settings.get(ServerSection).external_domain or request.host_url
        page = start_page(origin.rstrip("/"), is_initialized=await store.is_initialized(host.db))
        response = Response(page, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return _cached(response, "no-store")

    pages = {"/.well-known/immich": well_known, "/custom.css": custom_css, "/favicon.ico": icon, "/": start}
    for path, view in pages.items():
        app.add_url_rule(path, f"GET {path}", view, methods=["GET"])


def _cached(response: Response, how: str) -> Response:
    response.headers["Cache-Control"] = how
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
