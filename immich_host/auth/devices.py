"""What a request tells of the device it comes from, for the list of sessions."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_APP: Final = re.compile(r"^immich[-_](android|ios|unknown)[/_](\S+)", re.IGNORECASE)
_LONGEST: Final = 200

# The first that matches is it: most browsers claim to be others as well.
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(OPR|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Vivaldi", re.compile(r"\bVivaldi/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chromium", re.compile(r"\bChromium/")),
    ("Chrome", re.compile(r"\b(Chrome|CriOS)/")),
    ("Safari", re.compile(r"\bVersion/[\d.]+.*\bSafari/")),
)
_SYSTEMS: Final = (
    ("iOS", re.compile(r"\b(iPhone|iPad|iPod)\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("Chrome OS", re.compile(r"\bCrOS\b")),
    ("macOS", re.compile(r"\b(Macintosh|Mac OS X)\b")),
    ("Linux", re.compile(r"\b(Linux|X11)\b")),
)


@dataclass(frozen=True, slots=True)
class Device:
    """Kind of device or browser, operating system, and the version of Immich's app; empty where unknown."""

    type: str
    os: str
    app_version: str | None


def app_version(user_agent: str | None) -> str | None:
    """The version in the mobile app's user agent; None for everything else."""
    found = _APP.match(user_agent or "")
    return found[2][:_LONGEST] if found else None


def device_of(headers: Mapping[str, str]) -> Device:
    """The device behind a request's headers (by lower-case name).

    The app's user agent says system and version, and its own headers the rest.
    """
    agent = headers.get("user-agent", "")
    app = _APP.match(agent)
    system = app[1].lower() if app and app[1].lower() != "unknown" else _first(_SYSTEMS, agent)
    kind = "" if app else _first(_BROWSERS, agent)
    return Device(
        type=(kind or headers.get("devicemodel", ""))[:_LONGEST],
        os=(system or headers.get("devicetype", ""))[:_LONGEST],
        app_version=app_version(agent),
    )


def _first(known: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> str:
    return next((name for name, pattern in known if pattern.search(agent)), "")
