"""The folder in which one run works: beside the file that it makes, gone when it is over. All blocking."""

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp
from uuid import UUID


def open_scratch(target: Path, asset_id: UUID) -> Path:
    """A fresh folder on the file system of `target`; what killed runs have left is removed first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{asset_id}.*"):
        shutil.rmtree(left, ignore_errors=True)
    return Path(mkdtemp(prefix=f".{asset_id}.", dir=target.parent))


def close_scratch(folder: Path) -> None:
    """Remove it with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)


def clear_leftovers(media_root: Path, asset_id: UUID) -> None:
    """Remove what killed runs have left of an asset that is gone, whoever owned it."""
    shard = f"{str(asset_id)[:2]}/{str(asset_id)[2:4]}"
    for left in (media_root / "encoded-video").glob(f"*/{shard}/.{asset_id}.*"):
        shutil.rmtree(left, ignore_errors=True)


def put_in_place(made: Path, target: Path) -> None:
    """Give a finished file its name; it is on the disk before."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    made.replace(target)
