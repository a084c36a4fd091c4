"""File extensions that the server takes, and the content types it sends. The extension alone decides."""

from typing import Final, Literal

type MediaKind = Literal["IMAGE", "VIDEO"]

OCTETS: Final = "application/octet-stream"

RAW_TYPES: Final = {
    ".3fr": "image/3fr",
    ".ari": "image/ari",
    ".arw": "image/arw",
    ".cap": "image/cap",
    ".cin": "image/cin",
    ".cr2": "image/cr2",
    ".cr3": "image/cr3",
    ".crw": "image/crw",
    ".dcr": "image/dcr",
    ".dng": "image/dng",
    ".erf": "image/erf",
    ".fff": "image/fff",
    ".iiq": "image/iiq",
    ".k25": "image/k25",
    ".kdc": "image/kdc",
    ".mrw": "image/mrw",
    ".nef": "image/nef",
    ".nrw": "image/nrw",
    ".orf": "image/orf",
    ".ori": "image/ori",
    ".pef": "image/pef",
    ".psd": "image/vnd.adobe.photoshop",
    ".raf": "image/raf",
    ".raw": "image/raw",
    ".rw2": "image/rw2",
    ".rwl": "image/rwl",
    ".sr2": "image/sr2",
    ".srf": "image/srf",
    ".srw": "image/srw",
    ".x3f": "image/x3f",
}

DISPLAYABLE_TYPES: Final = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
"""What every browser shows as it is."""

OTHER_IMAGE_TYPES: Final = {
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".hif": "image/hif",
    ".insp": "image/jpeg",
    ".jp2": "image/jp2",
    ".jpe": "image/jpeg",
    ".jxl": "image/jxl",
    ".mpo": "image/jpeg",
    ".svg": "image/svg+xml",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}

IMAGE_TYPES: Final = DISPLAYABLE_TYPES | OTHER_IMAGE_TYPES | RAW_TYPES

VIDEO_TYPES: Final = {
    ".3gp": "video/3gpp",
    ".3gpp": "video/3gpp",
    ".avi": "video/x-msvideo",
    ".flv": "video/x-flv",
    ".insv": "video/mp4",
    ".m2t": "video/mp2t",
    ".m2ts": "video/mp2t",
    ".m4v": "video/x-m4v",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".mpe": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".mpg": "video/mpeg",
    ".mts": "video/mp2t",
    ".mxf": "application/mxf",
    ".ts": "video/mp2t",
    ".vob": "video/mpeg",
    ".webm": "video/webm",
    ".wmv": "video/x-ms-wmv",
}

SIDECAR_TYPES: Final = {".xmp": "application/xml"}

CONTENT_TYPES: Final = IMAGE_TYPES | VIDEO_TYPES | SIDECAR_TYPES
"""Extension (lower case, with dot) -> content type, of everything the server accepts."""


def suffix_of(name: str) -> str:
    """The extension of a file name in lower case with its dot; empty where there is none."""
    last = name.rpartition("/")[2]
    dot = last.rfind(".")  # long lists ask for each of their names, and a path object takes 15 times as long
    return last[dot:].lower() if 0 < dot < len(last) - 1 else ""


def kind_of(name: str) -> MediaKind | None:
    """Whether a file of this name is taken as a picture or a video; None for neither."""
    suffix = suffix_of(name)
    if suffix in IMAGE_TYPES:
        return "IMAGE"
    return "VIDEO" if suffix in VIDEO_TYPES else None


def is_sidecar(name: str) -> bool:
    """Whether the name is that of a sidecar."""
    return suffix_of(name) in SIDECAR_TYPES


def content_type_of(name: str) -> str:
    """The content type by extension; octets for an unknown one."""
    return CONTENT_TYPES.get(suffix_of(name), OCTETS)
