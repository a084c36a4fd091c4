"""What a file is, told by its first bytes; the name decides only where the bytes leave it open."""

from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

# fmt: off
RAW_SUFFIXES = frozenset({
    ".3fr", ".ari", ".arw", ".cap", ".cin", ".cr2", ".cr3", ".crw", ".dcr", ".dng",
    ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mrw", ".nef", ".nrw", ".orf", ".ori",
    ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})
# fmt: on
WEB_SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
"""Originals that browsers show by themselves, so that no full-size copy is needed."""

_STILL_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 mif2 msf1 miaf avif avis jpeg j2ki".split())
_IMAGE_STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"\xff\x0a",
    b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x4f\xff\x51",
    b"8BPS",
)
_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"FOVb", b"\x00MRM", b"IIU\x00", b"IIRO", b"IIRS", b"MMOR")
_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_DNG_VERSION = 50706
_HEAD = 512


class Kind(StrEnum):
    """Which way a file takes."""

    IMAGE = "image"
    RAW = "raw"
    GIF = "gif"
    VIDEO = "video"
    SVG = "svg"
    EMPTY = "empty"
    UNKNOWN = "unknown"


def sniff(path: Path, *, is_video: bool, suffix: str | None = None) -> Kind:
    """Tell the kind of the file at `path`; raises OSError where it cannot be read.

    Args:
        path: The file.
        is_video: What its owner takes it for; decides where the content has no known start.
        suffix: The extension with its dot, where `path` does not carry it.
    """
    name = (path.suffix if suffix is None else suffix).lower()
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        if not head:
            return Kind.EMPTY
        if head.startswith(_TIFF_STARTS):
            is_raw = name in RAW_SUFFIXES or head[8:10] == b"CR" or _has_tag(stream, head, _DNG_VERSION)
            return Kind.RAW if is_raw else Kind.IMAGE
    known = _by_start(head)
    if known is not None:
        return known
    if _is_drawing(head, name):
        return Kind.SVG
    if name in RAW_SUFFIXES:
        return Kind.RAW
    return Kind.VIDEO if is_video else Kind.UNKNOWN


def _by_start(head: bytes) -> Kind | None:
    if head.startswith(_RAW_STARTS):
        return Kind.RAW
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Kind.GIF
    if head.startswith(_IMAGE_STARTS):
        return Kind.IMAGE
    if head.startswith(b"RIFF"):
        return {b"WEBP": Kind.IMAGE, b"AVI ": Kind.VIDEO}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand == b"crx ":
            return Kind.RAW
        return Kind.IMAGE if brand in _STILL_BRANDS else Kind.VIDEO
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Kind.VIDEO
    return None


def _is_drawing(head: bytes, name: str) -> bool:
    """SVG is text, and much may stand before its first element."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if name == ".svg":
        return text.startswith(b"<")
    return text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in text)


def _has_tag(stream: BinaryIO, head: bytes, tag: int) -> bool:
    """Whether the first directory of a (classic) TIFF names `tag`."""
    order = "little" if head[:2] == b"II" else "big"
    stream.seek(int.from_bytes(head[4:8], order))
    count = int.from_bytes(stream.read(2), order)
    entries = stream.read(12 * count)
    return any(int.from_bytes(entries[at : at + 2], order) == tag for at in range(0, len(entries), 12))
