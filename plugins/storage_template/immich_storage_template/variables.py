"""What a template may ask for, and what it gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from immich_storage_template.sanitizing import sanitized

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "year": ("y", "yy"),
    "month": ("M", "MM", "MMM", "MMMM"),
    "week": ("W", "WW"),
    "day": ("d", "dd"),
    "hour": ("h", "hh", "H", "HH"),
    "minute": ("m", "mm"),
    "second": ("s", "ss", "SSS"),
}
"""Date tokens by the part of a date that they show."""

TOKENS: Final = tuple(token for tokens in OPTIONS.values() for token in tokens)

_OTHERS = (
    *("filename", "ext", "filetype", "filetypefull", "assetId", "assetIdShort"),
    *("album", "make", "model", "lensModel"),
)
KNOWN: Final = frozenset({
    *_OTHERS,
    *TOKENS,
    *(f"album-{edge}-{token}" for edge in ("startDate", "endDate") for token in TOKENS),
})  # fmt: skip
"""Every variable."""

PRESETS: Final = (
    "{{y}}/{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}/{{MM}}/{{filename}}",
    "{{y}}/{{MM}}/{{dd}}/{{filename}}",
    "{{y}}/{{MMMM}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}/{{filename}}",
    "{{y}}/{{y}}-{{WW}}/{{filename}}",
    "{{y}}-{{MM}}-{{dd}}/{{filename}}",
    "{{y}}/{{y}}-{{MM}}-{{dd}} {{HH}}.{{mm}}.{{ss}} {{filename}}",
    "{{y}}/{{y}}-{{MM}}/{{assetId}}",
    "{{filetypefull}}/{{y}}/{{MM}}/{{filename}}",
    "{{y}}/{{#if album}}{{album}}{{else}}{{MM}}{{/if}}/{{filename}}",
    "{{#if album}}{{album-startDate-y}}/{{album}}{{else}}{{y}}/{{MM}}{{/if}}/{{filename}}",
    "{{make}}/{{model}}/{{y}}/{{filename}}",
)
"""Templates to begin with; the first is the default."""


@dataclass(frozen=True, slots=True)
class Album:
    """The album that names a folder; the dates of its oldest and newest photo, None while it is empty."""

    name: str
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a file is named by; `filename` without its extension, `ext` without its dot."""

    asset_id: UUID
    filename: str
    ext: str
    is_image: bool
    created: datetime
    make: str
    model: str
    lens_model: str
    album: Album | None


def values(subject: Subject) -> dict[str, str]:
    """Every variable's value; nothing in them leads into another folder. Dates are in the server's zone."""
    album = subject.album
    found = {
        "filename": sanitized(subject.filename),
        "ext": subject.ext,
        "filetype": "IMG" if subject.is_image else "VID",
        "filetypefull": "IMAGE" if subject.is_image else "VIDEO",
        "assetId": str(subject.asset_id),
        "assetIdShort": str(subject.asset_id)[-12:],
        "album": sanitized(album.name.replace(".", "")) if album else "",
        "make": sanitized(subject.make),
        "model": sanitized(subject.model),
        "lensModel": sanitized(subject.lens_model),
    }
    found |= _dated("", subject.created)
    found |= _dated("album-startDate-", album.start if album else None)
    return found | _dated("album-endDate-", album.end if album else None)


def _dated(prefix: str, moment: datetime | None) -> dict[str, str]:
    if moment is None:
        return dict.fromkeys((f"{prefix}{token}" for token in TOKENS), "")
    return {f"{prefix}{token}": text for token, text in tokens(moment.astimezone()).items()}


def tokens(local: datetime) -> dict[str, str]:
    """The date tokens of a moment as it is written on the wall."""
    week, hour12 = local.isocalendar().week, local.hour % 12 or 12
    month = _MONTHS[local.month - 1]
    return {
        "y": f"{local.year}", "yy": f"{local.year % 100:02}",
        "M": f"{local.month}", "MM": f"{local.month:02}", "MMM": month[:3], "MMMM": month,
        "W": f"{week}", "WW": f"{week:02}",
        "d": f"{local.day}", "dd": f"{local.day:02}",
        "h": f"{hour12}", "hh": f"{hour12:02}", "H": f"{local.hour}", "HH": f"{local.hour:02}",
        "m": f"{local.minute}", "mm": f"{local.minute:02}",
        "s": f"{local.second}", "ss": f"{local.second:02}", "SSS": f"{local.microsecond // 1000:03}",
    }  # fmt: skip
