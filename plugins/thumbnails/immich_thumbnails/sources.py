"""From a file to pixels, whichever way its content asks for."""

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from immich_thumbnails import raw, svg, video_frames
from immich_thumbnails.channels import eight_bit
from immich_thumbnails.decoding import Decoded, decode
from immich_thumbnails.errors import CannotRenderError, DamagedFileError, EmptyFileError, UnknownFormatError
from immich_thumbnails.formats import WEB_SUFFIXES, Kind, sniff
from immich_thumbnails.probing import Tools
from immich_thumbnails.settings import ImageSettings, Limits


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be rendered, and how.

    Args:
        path: The original.
        tools: Programs for video.
        is_video: What its owner takes it for; the content decides where it can.
        is_panorama: The projection is equirectangular.
        suffix: Extension with its dot; that of `path` where None.
        settings: Section `image`.
        limits: Section `thumbnails`.
    """

    path: Path
    tools: Tools
    is_video: bool = False
    is_panorama: bool = False
    suffix: str | None = None
    settings: ImageSettings = field(default_factory=ImageSettings)
    limits: Limits = field(default_factory=Limits)

    @property
    def wants_fullsize(self) -> bool:
        """Whether a picture in full size is asked for and of use, the original being none for browsers."""
        shown = (self.suffix or self.path.suffix).lower() in WEB_SUFFIXES
        return (self.settings.fullsize.enabled or self.is_panorama) and not (shown or self.is_video)

    @property
    def short_side(self) -> int:
        """Short side of the largest of preview and thumbnail."""
        return max(self.settings.preview.size, self.settings.thumbnail.size)

    @property
    def needed_side(self) -> int | None:
        """Short side that decoding must give at least; None for all pixels."""
        return None if self.wants_fullsize else self.short_side


@dataclass(frozen=True, slots=True)
class Source:
    """Pixels, and the JPEG they were taken from where that is a RAW file's own."""

    decoded: Decoded
    extracted: bytes | None = None


def load(request: Request, held: ExitStack) -> Source:
    """Decode the file.

    Args:
        request: What is wanted.
        held: To be closed when the pixels are no longer needed; see `decoding.decode`.

    Raises:
        CannotRenderError: The content is the reason.
        OSError: The file cannot be read.
    """
    kind = sniff(request.path, is_video=request.is_video, suffix=request.suffix)
    match kind:
        case Kind.EMPTY:
            raise EmptyFileError("the file is empty")
        case Kind.SVG:
            return Source(_still(request, svg.draw(request.path, request.short_side), held))
        case Kind.UNKNOWN:
            raise UnknownFormatError("the content is neither a picture nor a video of a known format")
        case Kind.VIDEO | Kind.GIF:
            return Source(_frame(request, alpha=kind is Kind.GIF))
        case Kind.RAW:
            return _raw(request, held)
        case Kind.IMAGE:
            return Source(_still(request, request.path, held))


def _still(request: Request, source: Path | bytes, held: ExitStack) -> Decoded:
    limit = request.limits.pixel_limit
    return decode(source, short_side=request.needed_side, pixel_limit=limit, held=held)


def _frame(request: Request, *, alpha: bool) -> Decoded:
    frame = video_frames.grab(
        request.path,
        request.tools,
        short_side=request.short_side,
        pixel_limit=request.limits.pixel_limit,
        alpha=alpha,
    )
    return Decoded(eight_bit(frame))


def _raw(request: Request, held: ExitStack) -> Source:
    """The camera's preview where asked for and large enough, else the sensor data, else any preview."""
    limit = request.limits.pixel_limit
    if request.settings.extract_embedded:
        with suppress(DamagedFileError):  # what is no RAW file at all is looked at again below
            preview = raw.embedded(request.path, pixel_limit=limit)
            if preview is not None and min(preview.size) >= request.settings.preview.size:
                return _embedded(request, preview, held)
    try:
        space = request.settings.colorspace
        return Source(
            raw.develop(request.path, short_side=request.needed_side, space=space, pixel_limit=limit, held=held)
        )
    except DamagedFileError:
        rescued = _without_sensor_data(request, held)
        if rescued is None:
            raise
        return rescued


def _without_sensor_data(request: Request, held: ExitStack) -> Source | None:
    """What can be shown of a RAW file whose sensor data cannot be read, or of a TIFF under such a name."""
    with suppress(CannotRenderError):
        preview = raw.embedded(request.path, pixel_limit=request.limits.pixel_limit)
        if preview is not None:
            return _embedded(request, preview, held)
    with suppress(CannotRenderError):
        return Source(_still(request, request.path, held))
    return None


def _embedded(request: Request, preview: raw.Embedded, held: ExitStack) -> Source:
    if isinstance(preview.picture, bytes):
        decoded = _still(request, preview.picture, held)
        return Source(replace(decoded, orientation=preview.orientation), extracted=preview.picture)
    return Source(Decoded(eight_bit(preview.picture), preview.orientation))
