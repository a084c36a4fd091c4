"""A plugin's package as it lies on disk, read without running any of it."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points, packages_distributions
from importlib.metadata import distributions as all_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from immich_host.db.undoing import created_in
from immich_host.hosting.discovery import GROUP


class NoPlugin(Exception):
    """There is no plugin where one was looked for; the message says what is missing."""


@dataclass(frozen=True)
class Module:
    """A Python file; `imports` are full dotted names, also those inside functions and TYPE_CHECKING."""

    path: Path
    name: str
    tree: ast.Module
    imports: tuple[tuple[str, int], ...]


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


def read(path: Path, above: Path) -> Module:
    """Parse a file; `above` is the folder from which its dotted name counts.

    Raises:
        SyntaxError: It is not Python.
    """
    parts = path.relative_to(above).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    package = name if is_package else name.rpartition(".")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return Module(path, name, tree, tuple(imports_of(tree, package)))


def normal(requirement: str) -> str:
    """A requirement's package name as indexes compare it."""
    return canonicalize_name(Requirement(requirement).name)


@cache
def distributions() -> Mapping[str, list[str]]:
    """Import name -> the installed packages that bring it."""
    return packages_distributions()


@dataclass(frozen=True)
class Package:
    """One plugin: its name (of the entry point), the import package, and what it declares to need."""

    name: str
    import_name: str
    folder: Path
    needs: tuple[str, ...]
    project: Path | None = None

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """Its files, parsed; tests and what lies beside the import package are left out."""
        return tuple(read(path, self.folder.parent) for path in sorted(self.folder.rglob("*.py")))

    @cached_property
    def declared(self) -> set[str]:
        """Import names of the installed packages that it names as its dependencies."""
        wanted = {normal(text) for text in self.needs}
        found = {name for name, owners in distributions().items() if wanted & {normal(owner) for owner in owners}}
        return found - {"immich_host"}

    @property
    def absent(self) -> set[str]:
        """Packages that it needs and that are not installed."""
        there = {normal(one.name) for one in all_distributions()}
        needed = {normal(text) for text in self.needs if "extra ==" not in text}
        return needed - there

    @property
    def requires(self) -> tuple[str, ...]:
        """What the manifest names as `requires`, read from the source."""
        for module in self.modules:
            if module.name == self.import_name:
                for node in ast.walk(module.tree):
                    if isinstance(node, ast.keyword) and node.arg == "requires":
                        return tuple(ast.literal_eval(node.value))
        return ()

    @property
    def migrations(self) -> list[Path]:
        """Migration files in order."""
        return sorted(path for path in (self.folder / "migrations").glob("*.py") if path.stem != "__init__")

    @property
    def tables(self) -> set[str]:
        """Tables that its migrations create in SQL."""
        return {name for path in self.migrations for name in created_in(path)}

    @property
    def readme(self) -> str:
        """The text of its README.md; empty without one."""
        path = self.project / "README.md" if self.project else None
        return path.read_text(encoding="utf-8") if path and path.exists() else ""

    def where(self, module: Module) -> str:
        """A module's path as people name it."""
        return str(module.path.relative_to(self.folder.parent))


def in_folder(folder: Path) -> list[Package]:
    """The plugins of a project folder, by its pyproject.toml.

    Raises:
        NoPlugin: No pyproject.toml, no entry point in it, or no package where that points.
    """
    try:
        project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        msg = f"{folder}: no pyproject.toml with a [project] that can be read ({error})"
        raise NoPlugin(msg) from error
    points: dict[str, str] = project.get("entry-points", {}).get(GROUP, {})
    if not points:
        msg = f'{folder}: pyproject.toml has no [project.entry-points."{GROUP}"]'
        raise NoPlugin(msg)
    needs = tuple(project.get("dependencies", ()))
    return [Package(name, value, _package_folder(folder, value), needs, folder) for name, value in points.items()]


def _package_folder(folder: Path, import_name: str) -> Path:
    for above in (folder, folder / "src"):
        found = above.joinpath(*import_name.split("."))
        if (found / "__init__.py").exists():
            return found
    msg = f"{folder}: the entry point names {import_name}, which is not there"
    raise NoPlugin(msg)


def installed(name: str, near: Path | None = None) -> Package:
    """An installed plugin; README and pyproject.toml come from the project around `near`, where it is.

    Raises:
        NoPlugin: None of that name is installed.
    """
    point = next((point for point in entry_points(group=GROUP) if point.name == name), None)
    spec = find_spec(point.value) if point else None
    if point is None or spec is None or spec.origin is None:
        msg = f"no plugin {name} is installed (entry points of {GROUP})"
        raise NoPlugin(msg)
    for package in _around(near):
        if package.name == name:
            return package
    return Package(name, point.value, Path(spec.origin).parent, _needs(point))


def _around(near: Path | None) -> Iterator[Package]:
    for folder in near.resolve().parents if near else ():
        if (folder / "pyproject.toml").exists():
            try:
                yield from in_folder(folder)
            except NoPlugin:
                continue


def _needs(point: EntryPoint) -> tuple[str, ...]:
    return tuple(point.dist.requires or ()) if point.dist else ()
