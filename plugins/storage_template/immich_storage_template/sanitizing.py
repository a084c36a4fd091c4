"""Text that becomes part of a file's name, on every system that might mount the folder."""

import re

LONGEST = 255
"""Bytes of a name in one folder, on nearly every file system."""

_SPECIAL = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f-\x9f]')
_DOTS = re.compile(r"\.+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def sanitized(text: str) -> str:
    """The text without what is special in a path here or on Windows; empty where nothing is left."""
    cleaned = _SPECIAL.sub("", text.encode("utf-8", "ignore").decode())
    if _DOTS.fullmatch(cleaned) or _RESERVED.fullmatch(cleaned):
        return ""
    return cut(cleaned.rstrip(". "), LONGEST)


def cut(text: str, size: int) -> str:
    """The text cut to `size` bytes of UTF-8, between characters."""
    return text.encode()[:size].decode(errors="ignore")
