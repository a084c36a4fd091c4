"""Small photos, clips and sidecars, no two alike."""

import io
import subprocess
from itertools import count
from pathlib import Path

import pillow_heif
from PIL import Image, ImageDraw

from immich_host.runtime.binaries import media_binaries

SIZE = (320, 240)
_NUMBERS = count(1)


def picture(format: str = "JPEG", size: tuple[int, int] = SIZE) -> bytes:
    """A picture that differs from all others of this run."""
    number = next(_NUMBERS)
    image = Image.new("RGB", size, (number * 37 % 256, number * 91 % 256, number * 53 % 256))
    ImageDraw.Draw(image).text((20, 20), f"photo {number}", fill="white", font_size=40)
    buffer = io.BytesIO()
    if format == "HEIC":
        pillow_heif.from_pillow(image).save(buffer, quality=80)
    else:
        image.save(buffer, format, quality=90)
    return buffer.getvalue()


def clip(path: Path) -> Path:
    """Write one second of video to `path` (.mp4, .mov)."""
    source = f"testsrc2=size=320x240:rate=10:duration=1,hue=h={next(_NUMBERS) * 11}"
    command = [str(media_binaries().ffmpeg), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, *codec, str(path)], check=True)
    return path


def sidecar(caption: str, taken: str, rating: int) -> str:
    """XMP with a caption, the moment (ISO 8601 with offset), a rating and a place in Lisbon."""
    return f"""<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:xmp='http://ns.adobe.com/xap/1.0/'
  xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:DateTimeOriginal='{taken}' xmp:Rating='{rating}'
  exif:GPSLatitude='38,43.2N' exif:GPSLongitude='9,8.4W'>
 <dc:description><rdf:Alt><rdf:li xml:lang='x-default'>{caption}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end='w'?>
"""
