"""The repository as these tests read it: modules with their imports."""

import ast
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    """A Python file; `imports` are full dotted names, also those inside functions and TYPE_CHECKING."""

    path: Path
    name: str
    tree: ast.Module
    imports: tuple[tuple[str, int], ...]

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def room(self) -> str:
        """`jobs` for immich_host.jobs.room; `app` for immich_host.app."""
        return self.name.split(".")[1] if "." in self.name else ""


def imports_of(tree: ast.AST, package: str) -> list[tuple[str, int]]:
    """Every imported name with its line; `from a import b` is `a.b`, relative ones made absolute."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            origin = ".".join(part for part in (start, node.module) if part)
            found += [(f"{origin}.{alias.name}", node.lineno) for alias in node.names]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            found += [(str(given.value), node.lineno) for given in node.args[:1] if isinstance(given, ast.Constant)]
    return found


def read(path: Path, base: Path) -> Module:
    parts = path.relative_to(base).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    package = name if is_package else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(), str(path))
    return Module(path, name, tree, tuple(imports_of(tree, package)))


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
        rooms = ("immich_host", "plugins", "tests", "docs", "benchmarks", ".ci")
        paths = [path for room in rooms for path in (ROOT / room).rglob("*") if "__pycache__" not in path.parts]
    return tuple(path for path in paths if path.is_file())


def nothing(found: Iterable[str]) -> None:
    """Fail with every line of what must not be there."""
    lines = list(found)
    if lines:
        pytest.fail("\n".join(["", *lines]), pytrace=False)
