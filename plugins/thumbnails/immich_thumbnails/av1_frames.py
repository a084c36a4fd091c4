"""AV1 where ffmpeg is built without a decoder for it: a key frame, packed as AVIF, is a still image."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from immich_thumbnails import colour, orientation
from immich_thumbnails.channels import eight_bit
from immich_thumbnails.decoding import decode
from immich_thumbnails.probing import Stream, Tools, execute, input_options

_ROTATION_TO_EXIF = {-90: 6, 90: 8, 180: 3, -180: 3}


def key_frame(
    path: Path, stream: Stream, tools: Tools, options: Sequence[str], *, pixel_limit: int
) -> Image.Image | None:
    """The first key frame (after a seek in `options`), in stored size, upright; None where there is none."""
    with tempfile.TemporaryDirectory(prefix="av1-frame-") as folder:
        still = Path(folder, "frame.avif")
        command = [str(tools.ffmpeg), "-nostdin", "-v", "error", *options, *input_options(path)]
        execute([*command, "-map", "0:V:0", "-c", "copy", "-frames:v", "1", str(still)], tools.seconds)
        if not still.is_file() or not still.stat().st_size:
            return None
        decoded = decode(still, short_side=None, pixel_limit=pixel_limit)
    image, _ = colour.settle(eight_bit(decoded.image), decoded.profile, "srgb", decoded.hdr)
    return orientation.applied(image, _ROTATION_TO_EXIF.get(stream.rotation, 1))
