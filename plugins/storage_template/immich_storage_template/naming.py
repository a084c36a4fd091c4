"""Which path a template gives a file."""

import re
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from immich_storage_template.language import BadTemplate, Template
from immich_storage_template.sanitizing import LONGEST, cut, sanitized
from immich_storage_template.variables import Subject, values

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAME: Final = {
    "jpeg": "jpg", "jpe": "jpg", "tif": "tiff", "3gpp": "3gp", "mpeg": "mpg", "mpe": "mpg", "m2ts": "mts", "m2t": "mts",
}  # fmt: skip
"""Extensions with one meaning, and the one that is used."""

_ADDED = 16
"""Bytes of a name that are kept free for `+12345`, and for the `.xmp` of a sidecar."""
_NUMBER = re.compile(r"\+[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Name:
    """A path below a user's folder; `stem` is that without number and extension, `ext` has no dot."""

    stem: str
    ext: str

    def numbered(self, number: str = "") -> str:
        """The path with `+1` and the like."""
        return f"{self.stem}{number}.{self.ext}" if self.ext else f"{self.stem}{number}"

    def number_of(self, path: str) -> str | None:
        """What `path` has more than this name: "", `+1`, ...; None where it is another name."""
        end = f".{self.ext}" if self.ext else ""
        if not (path.startswith(self.stem) and path.endswith(end)):
            return None
        number = path[len(self.stem) : len(path) - len(end)]
        return number if not number or _NUMBER.fullmatch(number) else None

    def candidates(self, preferred: str) -> "Iterator[str]":
        """Numbers to try: the preferred one, none, `+1`, `+2`, ..."""
        if preferred:
            yield preferred
        yield ""
        for number in count(1):
            yield f"+{number}"


def extension(path: str) -> str:
    """The extension that a file gets: lower case, of several with one meaning always the same; no dot."""
    found = sanitized(PurePosixPath(path).suffix.lower().removeprefix("."))
    return cut(_SAME.get(found, found), 32)


def stem_of(file_name: str) -> str:
    """A file's name without its extension."""
    head, dot, _ = file_name.rpartition(".")
    return head if dot else file_name


def name(template: Template, subject: Subject) -> Name:
    """Where a file belongs, below its user's folder.

    Raises:
        BadTemplate: The path leads out of the folder, or a variable is unknown.
    """
    text = template.render(values(subject))
    segments = [segment for segment in text.split("/") if segment not in {"", "."}]
    if ".." in segments:
        raise BadTemplate("the path leads out of the user's folder")
    if not segments or text.endswith("/"):
        segments.append(str(subject.asset_id))
    room = LONGEST - _ADDED - len(f".{subject.ext}".encode())
    folders = [cut(segment, LONGEST) for segment in segments[:-1]]
    return Name("/".join([*folders, cut(segments[-1], room)]), subject.ext)
