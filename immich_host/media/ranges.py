"""Which part of a file a request asks for, and whether it needs it at all (RFC 9110)."""

import re
from dataclasses import dataclass
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from typing import Final

_NUMBER: Final = re.compile(r"[0-9]{1,20}")
"""A position in a file; numbers beyond any file's size count as no range at all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the headers of a GET or HEAD ask for."""

    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None


class Unsatisfiable(Exception):
    """The range lies behind the end of the file: 416."""


def last_modified(mtime: float) -> str:
    """A time stamp as an HTTP date."""
    return formatdate(mtime, usegmt=True)


def is_unchanged(wanted: Wanted, etag: str, mtime: float) -> bool:
    """Whether the client's copy is still good, so that 304 is the answer."""
    if wanted.if_none_match is not None:
        tags = [tag.strip().removeprefix("W/") for tag in wanted.if_none_match.split(",")]
        return "*" in tags or etag in tags
    since = _date(wanted.if_modified_since)
    return since is not None and int(mtime) <= since


def pick(wanted: Wanted, size: int, etag: str, mtime: float) -> tuple[int, int] | None:
    """The (first, last) byte asked for; None for the whole file, also for several ranges at once.

    Raises:
        Unsatisfiable: The range lies behind the end.
    """
    if wanted.range is None or not _range_still_holds(wanted.if_range, etag, mtime):
        return None
    unit, _, spec = wanted.range.partition("=")
    if unit.strip().lower() != "bytes" or "," in spec:
        return None
    first, dash, last = (part.strip() for part in spec.partition("-"))
    if not dash or not (first or last) or not all(_NUMBER.fullmatch(part) for part in (first, last) if part):
        return None
    if not first:
        length = min(int(last), size)
        if not length:
            raise Unsatisfiable
        return size - length, size - 1
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, min(int(last), size - 1) if last else size - 1


def _range_still_holds(if_range: str | None, etag: str, mtime: float) -> bool:
    if if_range is None:
        return True
    if if_range.startswith(('"', "W/")):
        return if_range.strip() == etag
    date = _date(if_range)
    return date is not None and int(mtime) == date


def _date(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
