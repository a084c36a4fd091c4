"""The repository as these tests read it: modules with their imports."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from immich_host.checking import package

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module(package.Module):
    """A Python file of this repository."""

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def room(self) -> str:
        """`jobs` for immich_host.jobs.room; `app` for immich_host.app."""
        return self.name.split(".")[1] if "." in self.name else ""


def read(path: Path, above: Path) -> Module:
    found = package.read(path, above)
    return Module(found.path, found.name, found.tree, found.imports)


@cache
def host_modules() -> tuple[Module, ...]:
    return tuple(read(path, ROOT) for path in sorted((ROOT / "immich_host").rglob("*.py")))


@cache
def plugin_modules() -> dict[str, tuple[Module, ...]]:
    """Plugin -> its modules, tests left out."""
    return {
        folder.name: tuple(read(path, folder) for path in sorted((folder / f"immich_{folder.name}").rglob("*.py")))
        for folder in sorted((ROOT / "plugins").iterdir())
        if (folder / "pyproject.toml").exists()
    }


def all_modules() -> list[Module]:
    return [*host_modules(), *(module for modules in plugin_modules().values() for module in modules)]


@cache
def committed() -> tuple[Path, ...]:
    """Files under version control; where this is no checkout, those that lie here."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        paths = [ROOT / name for name in done.stdout.split("\0") if name]
    else:
        rooms = ("immich_host", "plugins", "template", "tests", "docs", "benchmarks", ".ci")
        paths = [path for room in rooms for path in (ROOT / room).rglob("*") if "__pycache__" not in path.parts]
    return tuple(path for path in paths if path.is_file())


def nothing(found: Iterable[str]) -> None:
    """Fail with every line of what must not be there."""
    lines = list(found)
    if lines:
        pytest.fail("\n".join(["", *lines]), pytrace=False)
