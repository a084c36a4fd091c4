"""Which XMP file belongs to a photo."""

from pathlib import Path


def candidates(original: Path, stored: Path | None) -> list[Path]:
    """Where a sidecar may be, best first: as stored, `<file>.<ext>.xmp`, `<file>.xmp`."""
    beside = [original.with_name(original.name + ".xmp"), original.with_suffix(".xmp")]
    places = beside if stored is None else [stored, *beside]
    return [place for place in dict.fromkeys(places) if place != original]


def find(original: Path, stored: Path | None) -> Path | None:
    """The first candidate that is a file; None when there is none. Touches the disk."""
    return next((place for place in candidates(original, stored) if place.is_file()), None)


def target(original: Path, stored: Path | None) -> Path:
    """Where edits are written: the stored sidecar, else `<file>.<ext>.xmp`."""
    return stored or original.with_name(original.name + ".xmp")
