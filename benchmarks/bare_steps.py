"""What a photo needs at the very least, one step after the other: CPU seconds of each.

exiftool reading the file (one process kept open, its defaults), the bare Pillow recipe of thumbnails.py, and
the ThumbHash of a picture of 100 pixels.
"""

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from served import cpu_of
from thumbnails import bare

from immich_host.runtime.binaries import media_binaries
from immich_thumbnails import thumbhash


class BareSteps:
    """Measured in this process, and exiftool's own."""

    def __init__(self, pictures: Sequence[bytes], folder: Path) -> None:
        self._files = [folder / f"bare-{number}.jpg" for number in range(len(pictures))]
        for file, picture in zip(self._files, pictures, strict=True):
            file.write_bytes(picture)
        self._taken: dict[str, list[float]] = {"exiftool": [], "pillow": [], "thumbhash": []}

    def measure(self, rounds: int) -> None:
        """Take every step for every photo so many times."""
        with Image.open(self._files[0]) as image:
            small = np.asarray(image.resize((100, 75)).convert("RGBA"))
        for _ in range(rounds):
            self._taken["exiftool"].append(self._exiftool())
            self._taken["pillow"] += [_cpu(lambda file=file: bare(file)) for file in self._files]
            self._taken["thumbhash"] += [_cpu(lambda: thumbhash.encode(small)) for _ in self._files]

    def _exiftool(self) -> float:
        """Of one photo, without the start of the program."""
        command = [str(media_binaries().exiftool), "-stay_open", "True", "-@", "-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout

            def read(file: Path) -> None:
                process.stdin.write(f"-json\n{file}\n-execute\n")
                process.stdin.flush()
                while process.stdout.readline().strip() != "{ready}":
                    pass

            read(self._files[0])
            before = cpu_of(process.pid)
            for _ in range(_READS):
                for file in self._files:
                    read(file)
            used = cpu_of(process.pid) - before
            process.stdin.write("-stay_open\nFalse\n")
        return used / _READS / len(self._files)

    def medians(self) -> dict[str, float]:
        """CPU seconds of a photo by step."""
        return {step: statistics.median(values) for step, values in self._taken.items()}


_READS = 5
"""Photos so often, as a process's CPU time is counted in hundredths of a second."""


def _cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
