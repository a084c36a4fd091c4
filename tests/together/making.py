"""Small photos and clips of every kind, no two alike, made on the spot."""

import io
import struct
import subprocess
import zlib
from itertools import count
from pathlib import Path
from typing import Any

import pillow_heif
import pillow_jxl  # noqa: F401 - registers JPEG XL
from PIL import Image, ImageDraw

from immich_host.runtime.binaries import media_binaries
from immich_host.testing.waiting import PATIENCE

pillow_heif.register_heif_opener()

SAVE: dict[str, dict[str, Any]] = {
    "jpg": {"format": "JPEG", "quality": 90},
    "png": {"format": "PNG"},
    "webp": {"format": "WEBP", "quality": 80},
    "heic": {"format": "HEIF", "quality": 80},
    "avif": {"format": "AVIF", "quality": 80, "speed": 10},
    "jxl": {"format": "JXL", "quality": 90, "effort": 3},
    "tiff": {"format": "TIFF"},
}
_NUMBERS = count(1)


def drawing(size: tuple[int, int]) -> Image.Image:
    """A picture that differs from all others of this run."""
    number = next(_NUMBERS)
    image = Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, number * 53 % 256))
    ImageDraw.Draw(image).text((2, 2), f"photo {number}", fill="white", font_size=24)
    return image


def camera_exif(**more: Any) -> Image.Exif:
    """Taken in Mumbai on 2 July 2023 at 23:30 by the camera's clock, zone +05:30; ISO 200, f/2.8."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Leica", "M11"
    exif[0x010E] = more.get("description", "At the harbour")
    if "orientation" in more:
        exif[0x0112] = more["orientation"]
    detail = exif.get_ifd(0x8769)
    detail[0x9003] = detail[0x9004] = "2023:07:02 23:30:00"
    detail[0x9011] = detail[0x9012] = "+05:30"
    detail[0x9291] = "250"
    detail[0x8827], detail[0x829D], detail[0x829A], detail[0x920A] = 200, 2.8, 0.005, 35.0
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (18.0, 55.0, 12.0)
    place[3], place[4] = "E", (72.0, 50.0, 24.0)
    return exif


def picture(suffix: str = "jpg", size: tuple[int, int] = (480, 320), exif: Image.Exif | None = None) -> bytes:
    """An encoded picture, with EXIF where given."""
    buffer = io.BytesIO()
    options = dict(SAVE[suffix])
    if exif is not None:
        if suffix == "tiff":
            for block in (0x8769, 0x8825):
                exif[block] = dict(exif.get_ifd(block))
        options["exif"] = exif if suffix == "tiff" else exif.tobytes()
    drawing(size).save(buffer, **options)
    return buffer.getvalue()


def animation(size: tuple[int, int] = (120, 80)) -> bytes:
    """A GIF of three frames."""
    buffer = io.BytesIO()
    first, *others = [drawing(size) for _ in range(3)]
    first.save(buffer, "GIF", save_all=True, append_images=others, duration=200)
    return buffer.getvalue()


def clip(folder: Path, name: str, *options: str, size: str = "320x240") -> Path:
    """A second of video with sound in a file of this name."""
    path = folder / name
    source = f"testsrc2=size={size}:rate=10:duration=1,hue=h={next(_NUMBERS) * 11}"
    command = [str(media_binaries().ffmpeg), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    command += ["-f", "lavfi", "-i", "sine=duration=1", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-g", "5", *options, str(path)], check=True, timeout=PATIENCE)
    return path


def live_photo(folder: Path, identifier: str) -> tuple[bytes, bytes]:
    """The still and the video of a live photo, as an iPhone marks them."""
    value = identifier.encode() + b"\0"
    entry = b"\0\x11\0\x02" + struct.pack(">II", len(value), 32)
    exif = Image.Exif()
    exif[0x010F] = "Apple"
    exif.get_ifd(0x8769)[0x927C] = b"Apple iOS\0\0\1MM\0\1" + entry + bytes(4) + value
    key = f"com.apple.quicktime.content.identifier={identifier}"
    video = clip(folder, f"{identifier}.mov", "-movflags", "use_metadata_tags", "-metadata", key)
    return picture(exif=exif), video.read_bytes()


def motion_photo(folder: Path) -> tuple[bytes, bytes]:
    """A photo with its video behind it, as Android writes it, and the video alone."""
    video = clip(folder, "inside.mp4").read_bytes()
    still = folder / "motion.jpg"
    still.write_bytes(picture())
    items = (
        "{Item={Mime=image/jpeg,Semantic=Primary,Length=0,Padding=0}},"
        f"{{Item={{Mime=video/mp4,Semantic=MotionPhoto,Length={len(video)},Padding=0}}}}"
    )
    tags = ["-XMP-GCamera:MotionPhoto=1", f"-XMP-GContainer:ContainerDirectory=[{items}]"]
    subprocess.run([str(media_binaries().exiftool), "-q", "-overwrite_original", *tags, str(still)], check=True)
    return still.read_bytes() + video, video


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that says it is `side` pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(750_100))) + chunk(b"IEND", b"")
