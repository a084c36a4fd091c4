"""The page at `/` while no plugin serves one: what runs here, and how to connect to it."""

import hashlib
from base64 import b64encode
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from immich_host.server.version import API_VERSION_TEXT, own_version

PAGES = Path(__file__).parent / "pages"

_HTML = (PAGES / "start.html").read_text("utf-8")
_STYLE = (PAGES / "start.css").read_text("utf-8")
_SCRIPT = (PAGES / "start.js").read_text("utf-8")


def _source(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {_source(_SCRIPT)}; style-src 'self' {_source(_STYLE)}; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy of the page: nothing runs but its own script."""


def start_page(origin: str, *, is_initialized: bool) -> str:
    """The page.

    Args:
        origin: Where clients reach the server, e.g. `https://photos.example.org`; it may come from
            the request and is escaped.
        is_initialized: Whether there is an administrator; without one the page offers to make it.
    """
    values = {
        "version": own_version(),
        "api": API_VERSION_TEXT,
        "origin": origin,
        "first": "hidden" if is_initialized else "",
        "later": "" if is_initialized else "hidden",
        "local": "" if _is_local(origin) else "hidden",
    }
    page = _HTML
    for name, value in values.items():
        page = page.replace("{{" + name + "}}", escape(value))
    return page.replace("{{style}}", _STYLE).replace("{{script}}", _SCRIPT)


def _is_local(origin: str) -> bool:
    try:
        return urlsplit(origin).hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:  # the setting may hold anything
        return False
