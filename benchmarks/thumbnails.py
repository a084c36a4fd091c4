"""Pictures per second on one core, against the bare Pillow recipe in the same run.

    python benchmarks/thumbnails.py [--photos 12] [--rounds 5] [--json]

Photos of 12 megapixels are generated (detail and noise as a camera gives, some 3 MB each). The bare
recipe is the fastest chain of Pillow calls that was measured: draft decode, 1440 px by HAMMING, 250 px
from that; JPEG q80 and WebP q80 with Pillow's defaults, bytes thrown away. Ours does what the plugin
does for an upload: looks into the file, keeps orientation and colours, 4:4:4 chroma, ThumbHash, and
writes both files by a temporary name. Rounds alternate; CPU seconds count, so that other work on the
machine does not.
"""

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 4032, 3024


def make_photo(path: Path, seed: int) -> None:
    """A picture with large shapes, fine texture and sensor noise, saved as cameras save."""
    import numpy as np

    rng = np.random.default_rng(seed)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for octave in range(2, 11):
        shape = (max(2, HEIGHT >> octave), max(2, WIDTH >> octave))
        noise = Image.fromarray(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
        layer = noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        pixels += np.asarray(layer, np.float32) * (0.5 ** (10 - octave))
    pixels *= 235 / pixels.max()
    pixels += rng.normal(0, 3, (HEIGHT, WIDTH, 1))
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=90, subsampling=2)


def bare(path: Path, subsampling: int = -1) -> None:
    """The bare recipe; with `subsampling` 0 its JPEG carries as much colour as ours."""
    with Image.open(path) as image:
        image.draft("RGB", (1920, 1440))
        large = image.resize((1920, 1440), Image.Resampling.HAMMING)
    large.save(io.BytesIO(), "JPEG", quality=80, subsampling=subsampling)
    large.resize((333, 250), Image.Resampling.HAMMING).save(io.BytesIO(), "WEBP", quality=80)


def ours(path: Path, folder: Path) -> None:
    """The plugin's way, files included."""
    from immich_thumbnails.probing import Tools
    from immich_thumbnails.rendering import render
    from immich_thumbnails.sources import Request

    result = render(Request(path, Tools(Path("ffmpeg"), Path("ffprobe"))))
    for picture in result.pictures:
        target = folder / f"{path.stem}_{picture.type}.{picture.format}"
        temporary = target.with_name("." + target.name)
        temporary.write_bytes(picture.data)
        temporary.replace(target)


def ways(folder: Path) -> dict[str, Callable[[Path], None]]:
    return {
        "bare": bare,
        "bare, 4:4:4": lambda path: bare(path, 0),
        "ours": lambda path: ours(path, folder),
    }


def measure(photos: list[Path], folder: Path, rounds: int) -> dict[str, float]:
    """Median CPU seconds per photo of each way, rounds alternating."""
    taken: dict[str, list[float]] = {name: [] for name in ways(folder)}
    for name, way in ways(folder).items():
        way(photos[0])
        assert name in taken
    for _ in range(rounds):
        for name, way in ways(folder).items():
            start = time.process_time()
            for photo in photos:
                way(photo)
            taken[name].append((time.process_time() - start) / len(photos))
    return {name: statistics.median(values) for name, values in taken.items()}


def peak_memory(name: str, photos: list[Path]) -> float:
    """Most resident MB of a process that does nothing else."""
    command = [sys.executable, __file__, "--alone", name, *map(str, photos)]
    done = subprocess.run(command, check=True, capture_output=True)
    return json.loads(done.stdout)


def own_peak() -> float:
    """Of this program alone: getrusage would count what the parent held when it forked."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alone", nargs="+")
    options = parser.parse_args()
    if options.alone:
        with tempfile.TemporaryDirectory() as folder:
            for path in options.alone[1:]:
                ways(Path(folder))[options.alone[0]](Path(path))
        print(json.dumps(own_peak()))
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="thumbnails-") as place:
        folder = Path(place)
        photos = [folder / f"photo-{number}.jpg" for number in range(options.photos)]
        for number, photo in enumerate(photos):
            make_photo(photo, number)
        size = sum(photo.stat().st_size for photo in photos) / len(photos) / 1e6
        seconds = measure(photos, folder, options.rounds)
        if options.json:
            print(json.dumps({"seconds": seconds, "ratio": seconds["bare"] / seconds["ours"]}))
            return
        print(f"{len(photos)} photos of {WIDTH}x{HEIGHT}, {size:.1f} MB each; one core; median of {options.rounds}")
        print(f"{'way':14}{'photos/s':>10}{'ms':>8}{'peak MB':>10}{'ours to it':>12}")
        for name, value in seconds.items():
            ratio = value / seconds["ours"]
            peak = peak_memory(name, photos[:4])
            print(f"{name:14}{1 / value:10.1f}{value * 1000:8.1f}{peak:10.0f}{ratio:12.2f}")


if __name__ == "__main__":
    main()
