"""Photos/s from the first byte of an upload to everything done, through a real `serve`, and whose CPU it took.

Immich does some 6 a second on two cores; at least 12 are wanted. Other work on the machine makes the
rate smaller but not the CPU time, so the rate that the CPU time allows (all cores busy) is shown beside it.

    python benchmarks/photos_done.py [--photos N] [--connections N] [--json]
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from photos import Uploads, patterns, wait_until_done
from served import minus, serving


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--photos", type=int, default=150)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="photos-") as name:
        pictures = patterns(Path(name))
        with serving(Path(name) / "data") as server:
            Uploads(server, pictures, 8, chosen.connections).run()
            wait_until_done(server, 8)
            time.sleep(1)
            before, begin = server.cpu(), time.perf_counter()
            uploading = Uploads(server, pictures, chosen.photos, chosen.connections).run()
            wait_until_done(server, 8 + chosen.photos)
            taken = time.perf_counter() - begin
            used = minus(server.cpu(), before)
    total, cores = sum(used.values()), os.process_cpu_count() or 1
    result = {
        "photos": chosen.photos,
        "uploads_per_second": chosen.photos / uploading,
        "done_per_second": chosen.photos / taken,
        "cpu_ms_per_photo": total / chosen.photos * 1000,
        "cpu_allows_per_second": cores * chosen.photos / total,
        "cpu_ms_by_role": {role: seconds / chosen.photos * 1000 for role, seconds in used.items()},
    }
    print(json.dumps(result) if chosen.json else table(result, cores))


def table(result: dict[str, object], cores: int) -> str:
    by_role = result["cpu_ms_by_role"]
    assert isinstance(by_role, dict)
    rows = [f"  {role:12}{ms:8.1f} ms" for role, ms in sorted(by_role.items(), key=lambda item: -item[1])]
    return "\n".join([
        f"{result['photos']} photos of 12 megapixels: uploaded {result['uploads_per_second']:.1f}/s, "
        f"done {result['done_per_second']:.1f}/s",
        f"CPU {result['cpu_ms_per_photo']:.1f} ms a photo, so {cores} cores of nothing else do "
        f"{result['cpu_allows_per_second']:.1f}/s",
        *rows,
    ])  # fmt: skip


if __name__ == "__main__":
    main()
