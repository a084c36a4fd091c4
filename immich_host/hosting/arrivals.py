"""What has come, gone or changed among installed plugins since this process looked."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint

from immich_host.hosting.discovery import fingerprint, installed
from immich_host.hosting.record import Record

NOTICE = "plugin_package"
"""Name of the change notices that say that plugins were installed or uninstalled; no table has it."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The difference between what is installed and what a process has.

    `stale` names plugins that only a new process can take in: other files than those that were imported.
    """

    new: tuple[EntryPoint, ...]
    gone: tuple[str, ...]
    stale: tuple[str, ...]


def compare(records: Mapping[str, Record], only: Iterable[str] | None = None) -> Arrivals:
    """Look at the disk; records that pip did not install stay out of it.

    Args:
        records: The plugins of this process.
        only: As for `discover`.
    """
    there = {point.name: point for point in installed(only)}
    gone = [name for name, record in records.items() if record.fingerprint and name not in there]
    new: list[EntryPoint] = []
    stale: list[str] = []
    for name, point in there.items():
        if name in records:
            if records[name].fingerprint not in {"", fingerprint(point)}:
                stale.append(name)
        elif _was_imported(point):
            stale.append(name)
        else:
            new.append(point)
    return Arrivals(tuple(new), tuple(gone), tuple(stale))


def _was_imported(point: EntryPoint) -> bool:
    """Whether this process holds code of an earlier installation, which an import would give back."""
    package = point.value.partition(":")[0]
    return any(name == package or name.startswith(f"{package}.") for name in sys.modules)
