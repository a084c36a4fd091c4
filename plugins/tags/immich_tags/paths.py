"""Tags as paths: how they are written, and what of a file's list becomes tags."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

MOST_BYTES = 2000
"""Longer ones would not fit into an index."""

MOST_PARTS = 50
"""Each tag knows all that are above it."""

MOST_TAGS = 1000
"""So many tags an asset has at most; what a file says beyond that stays in the file."""

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that no sidecar can hold; it would bring back another tag."""

type Change = tuple[str, str | None]
"""A tag's path, and what it is now; None where it is gone."""


def normal(path: str) -> str:
    """The one way to write a tag: parts between single slashes, without space around them; "" where there is none."""
    parts = unicodedata.normalize("NFC", _NOT_IN_XML.sub("", path)).split("/")
    return "/".join(part for each in parts if (part := each.strip()))


def fits(path: str) -> bool:
    """Whether a tag is not too long and not too deep."""
    return len(path.encode(errors="replace")) <= MOST_BYTES and path.count("/") < MOST_PARTS


def name_of(path: str) -> str:
    """The last part."""
    return path.rpartition("/")[2]


def chain(path: str) -> list[str]:
    """A tag and all above it, from the top: `a`, `a/b`, `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def tags_of(listed: Iterable[str]) -> list[str]:
    """The tags that a list of a file stands for, each once."""
    found = dict.fromkeys(path for each in listed if (path := normal(each)) and fits(path))
    return list(found)[:MOST_TAGS]


def changed(listed: Sequence[str], changes: Iterable[Change]) -> list[str]:
    """A list of a file after changes of tags; what is not concerned stays as it is written there."""
    now = list(listed)
    for before, after in changes:
        replaced = [after if normal(each) == before else each for each in now]
        now = list(dict.fromkeys(each for each in replaced if each is not None))
    return now


def with_more(listed: Sequence[str], added: Iterable[str]) -> list[str]:
    """A list of a file with tags that it lacks, as far as there is room for them."""
    known = {normal(each) for each in listed}
    lacking = [path for path in dict.fromkeys(added) if path not in known]
    return [*listed, *lacking[: max(0, MOST_TAGS - len(tags_of(listed)))]] if lacking else list(listed)
