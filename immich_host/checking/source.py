"""Rules that a plugin's source is held to, without running any of it."""

import ast
import sys

from immich_host.checking import words
from immich_host.checking.findings import Finding
from immich_host.checking.package import Module, Package, distributions

BUILT_IN = frozenset(sys.stdlib_module_names)


def imports(package: Package) -> list[Finding]:
    """A plugin imports the plugin API, itself, what it declares, and `api` of plugins that it requires."""
    siblings = tuple(f"immich_{name}.api" for name in package.requires)
    mine = {package.import_name.split(".")[0], *package.declared, *BUILT_IN}

    # what is needed and not installed cannot be told from its import name
    may_be_absent = bool(package.absent)

    def allowed(name: str) -> bool:
        top = name.split(".")[0]
        return (
            top in mine
            or (may_be_absent and top != "immich_host" and top not in distributions())
            or f"{name}.".startswith("immich_host.plugin_api.")
            or any(f"{name}.".startswith(f"{sibling}.") for sibling in siblings)
        )

    return [
        Finding("imports", f"{package.where(module)}:{line} imports {name}")
        for module in package.modules
        for name, line in module.imports
        if not allowed(name)
    ]


def names(package: Package) -> list[Finding]:
    """Migrations and tables begin with the plugin's name, unless a table is one of Immich's; so does the package."""
    start = f"{package.name}_"
    found: list[str] = []
    if package.import_name != f"immich_{package.name}":
        found.append(f"the package of {package.name} is immich_{package.name}, not {package.import_name}")
    for path in package.migrations:
        if not path.stem.startswith(start):
            found.append(f"migrations/{path.name} does not begin with {start}")
        elif path.stem not in _strings(package, path.stem):
            found.append(f"migrations/{path.name} has an id that is not its name")
    found += [table_fault(package.name, table) for table in sorted(package.tables)]
    return [Finding("names", message) for message in found if message]


def table_fault(plugin: str, table: str) -> str:
    """What is wrong with the name of a plugin's table; empty when nothing is."""
    if table.startswith(f"{plugin}_") or words.is_table(table):
        return ""
    return f"table {table} neither begins with {plugin}_ nor is one of Immich's"


def _strings(package: Package, stem: str) -> set[str]:
    module = next(each for each in package.modules if each.path.stem == stem)
    return {str(node.value) for node in _constants(module)}


def _constants(module: Module) -> list[ast.Constant]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.Constant)]
