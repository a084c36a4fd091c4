"""All rules that need no database, for a plugin that need not be installed."""

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

from immich_host.checking.findings import Finding
from immich_host.checking.loading import cheap_import
from immich_host.checking.package import GROUP, NoPlugin, Package, in_folder
from immich_host.checking.source import imports, names

LOAD_SECONDS = 120


def check(path: Path) -> list[Finding]:
    """What is wrong with the plugins of a project folder or a wheel; they run in a process of their own.

    Raises:
        NoPlugin: There is none in it.
    """
    with _packages(path) as packages:
        return [finding for package in packages for finding in _check(package)]


def _check(package: Package) -> list[Finding]:
    try:
        found = [*imports(package), *names(package)]
    except (SyntaxError, ValueError) as error:
        return [Finding("load", str(error))]
    loaded = _loaded(package)
    if any(finding.rule == "load" for finding in loaded):
        return [*found, *loaded]
    return [*found, *loaded, *cheap_import(package)]


def _loaded(package: Package) -> list[Finding]:
    command = [sys.executable, "-m", "immich_host.checking", package.name, package.import_name, str(package.folder)]
    command += [str(package.project)] if package.project else []
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LOAD_SECONDS)
    except subprocess.TimeoutExpired:
        return [Finding("load", f"it has not loaded within {LOAD_SECONDS} s")]
    if ended.returncode:
        return [Finding("load", (ended.stderr.strip().splitlines() or [f"ended with {ended.returncode}"])[-1])]
    return [Finding(**one) for one in json.loads(ended.stdout.splitlines()[-1])]


def load_and_look(package: Package) -> list[Finding]:
    """Load a plugin into this process and hold what it registers, and its README, to the rules."""
    from immich_host.checking.readme import readme
    from immich_host.checking.registered import registered
    from immich_host.hosting import Hosting
    from immich_host.hosting.discovery import load

    sys.path.insert(0, str(package.folder.parents[package.import_name.count(".")]))
    hosting = Hosting(only=())
    hosting.adopt([load(EntryPoint(package.name, package.import_name, GROUP))])
    record = hosting.records[package.name]
    return registered(record) or readme(package, record)


def print_findings(package: Package) -> None:
    """What the process of its own does: the findings as one line of JSON, the last that is printed."""
    found = [asdict(finding) for finding in load_and_look(package)]
    sys.stdout.write(f"\n{json.dumps(found)}\n")


@contextmanager
def _packages(path: Path) -> Iterator[list[Package]]:
    if path.is_dir():
        yield in_folder(path.resolve())
    elif zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory(prefix="plugin") as folder:
            with zipfile.ZipFile(path) as wheel:
                wheel.extractall(folder)
            yield _in_wheel(Path(folder), path.name)
    else:
        msg = f"{path} is neither a folder nor a wheel"
        raise NoPlugin(msg)


def _in_wheel(folder: Path, name: str) -> list[Package]:
    info = next(folder.glob("*.dist-info"), None)
    wheel = PathDistribution(info) if info else None
    points = [point for point in wheel.entry_points if point.group == GROUP] if wheel else []
    if wheel is None or not points:
        msg = f"{name} has no entry point of {GROUP}"
        raise NoPlugin(msg)
    needs = tuple(wheel.requires or ())
    return [Package(one.name, one.value, folder.joinpath(*one.value.split(".")), needs) for one in points]
