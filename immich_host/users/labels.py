"""Storage labels: the name of a user's folder under `library`."""

import re

from immich_host.plugin_api.errors import Refused

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\?<>:*|"]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9]|lpt[0-9])$", re.IGNORECASE)
LONGEST = 255


def clean_label(label: str | None) -> str | None:
    """The label as it is stored: no dots, nothing that is special in a path; None for an empty one.

    Raises:
        Refused: 400 where nothing usable is left.
    """
    if not label:
        return None
    cleaned = _UNSAFE.sub("", label.replace(".", "")).strip()
    if not cleaned or _RESERVED.match(cleaned) or len(cleaned.encode()) > LONGEST:
        raise Refused(400, "Invalid storage label")
    return cleaned
