"""The faults, each with its recovery; mounts need root, as a disk can be filled in no other way."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import pytest

from tests.together.served import Served, until

MEDIA_MEGABYTES = 48
PROGRAMS = ("exiftool", "ffmpeg", "ffprobe")


class Ground:
    """What a server stands on and a fault takes away: a small disk of its own for media, and programs by name."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.media = self.data / "media"
        self.programs = folder / "bin"
        self.away = folder / "away"
        self.can_mount = os.geteuid() == 0

    def lay(self, programs: dict[str, Path], python: str) -> Path:
        """Mount and write; the Python program to start the server by."""
        self.media.mkdir(parents=True)
        self.programs.mkdir()
        self.away.mkdir()
        if self.can_mount:
            mount("-t", "tmpfs", "-o", f"size={MEDIA_MEGABYTES}m", "tmpfs", str(self.media))
        for name, path in programs.items():
            _script(self.programs / name, f'exec "{path}" "$@"')
        environment = f'PATH="{self.programs}:$PATH" IMMICH_HOST_FFMPEG=path IMMICH_HOST_EXIFTOOL=path'
        # three, as no more jobs can be held in one process than it has connections
        return _script(self.programs / "python", f'{environment} IMMICH_HOST_WORK_PROCESSES=3 exec "{python}" "$@"')

    def clear(self) -> None:
        """Take the mount away again."""
        if self.can_mount:
            unmount(self.media)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def unmount(folder: Path) -> None:
    """At once, whoever still has a file of it open."""
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _script(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` brings it about; `recover` ends it where it does not pass by itself."""

    name: str
    strike: Callable[[Served, Ground], Awaitable[None]]
    recover: Callable[[Served, Ground], Awaitable[None]] | None = None
    needs_mount: bool = False

    @property
    def lasts(self) -> bool:
        """Whether jobs run into it, and fail, before it ends."""
        return self.recover is not None


async def _killed(served: Served, what: str) -> None:
    old = served.pids(what)
    assert old
    served.kill(*old)

    async def others() -> bool:
        now = served.pids(what)
        return bool(now) and not set(now) & set(old)

    await until(others)


async def kill_workers(served: Served, _: Ground) -> None:
    await _killed(served, "immich_host work")


async def kill_valkey(served: Served, _: Ground) -> None:
    await _killed(served, "valkey-server")


async def kill_postgres(served: Served, _: Ground) -> None:
    await _killed(served, "bin/postgres -D")


async def power_cut(served: Served, _: Ground) -> None:
    served.kill_everything()
    await asyncio.to_thread(served.start)


async def fill_disk(_: Served, ground: Ground) -> None:
    with (ground.media / ".filler").open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with pytest.raises(OSError, match="No space left"):
                _write_on(file, size)


def _write_on(file: RawIOBase, size: int) -> None:
    while True:
        file.write(bytes(size))


async def empty_disk(_: Served, ground: Ground) -> None:
    (ground.media / ".filler").unlink()


async def protect(_: Served, ground: Ground) -> None:
    """Whoever opens a file from now on cannot write; as after an error of the disk."""
    mount("--bind", str(ground.media), str(ground.media))
    mount("-o", "remount,bind,ro", str(ground.media))


async def unprotect(_: Served, ground: Ground) -> None:
    unmount(ground.media)


async def remove_programs(served: Served, ground: Ground) -> None:
    for name in PROGRAMS:
        (ground.programs / name).rename(ground.away / name)
    served.kill(*served.pids("exiftool"))  # one that runs already would go on


async def restore_programs(_: Served, ground: Ground) -> None:
    for name in PROGRAMS:
        (ground.away / name).rename(ground.programs / name)


FAULTS = (
    Fault("workers killed", kill_workers),
    Fault("Valkey killed", kill_valkey),
    Fault("PostgreSQL killed", kill_postgres),
    Fault("power cut", power_cut),
    Fault("disk full", fill_disk, empty_disk, needs_mount=True),
    Fault("media read-only", protect, unprotect, needs_mount=True),
    Fault("programs missing", remove_programs, restore_programs),
)
