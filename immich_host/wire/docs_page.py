"""Routes that describe the API: the OpenAPI document, and a page to read it with."""

import hashlib
from functools import cache
from pathlib import Path

from quart import Response, request

from immich_host.plugin_api.web import Handler, RawJson, Routes
from immich_host.wire.answers import dump_json
from immich_host.wire.catalogue import Catalogue
from immich_host.wire.openapi import document

_PAGES = Path(__file__).parent / "pages"
_KINDS = {"docs.html": "text/html", "docs.css": "text/css", "docs.js": "text/javascript"}
_POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


def docs_routes(catalogue: Catalogue) -> Routes:
    """`/openapi.json` and `/docs`; add them to the catalogue that they describe.

    The document is made when it is first asked for.
    """
    routes = Routes("Documentation")

    @cache
    def text() -> bytes:
        return dump_json(document(catalogue))

    @routes.get("/openapi.json", public=True, answers=dict)
    async def get_open_api_document() -> RawJson:
        """This document."""
        return RawJson(text())

    for path, name in (("/docs", "docs.html"), ("/docs/docs.css", "docs.css"), ("/docs/docs.js", "docs.js")):
        options = {"public": True, "answer_type": _KINDS[name], "operation_id": "get" + name.title().replace(".", "")}
        routes.get(path, **options)(_page(name))
    return routes


def _page(name: str) -> Handler:
    content = (_PAGES / name).read_bytes()
    etag = hashlib.sha256(content).hexdigest()[:16]

    async def page() -> Response:
        """A part of the page that shows this document."""
        response = Response(content, content_type=_KINDS[name] + "; charset=utf-8")
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Cache-Control"] = "no-cache"
        response.set_etag(etag)
        return await response.make_conditional(request)

    return page
