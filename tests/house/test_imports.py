"""Who imports whom: every import is looked at, and nothing is excused."""

import ast
import sys
import tomllib
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from typing import Any

import pytest

from immich_host.app import openapi_document
from immich_host.checking.package import distributions, imports_of, in_folder, normal
from immich_host.checking.source import imports
from tests.house.sources import ROOT, Module, all_modules, host_modules, nothing, plugin_modules

TOP = (
    "app",
    "cli",
    "plugin_commands",
    "__main__",
    "kernel",
    "nightly",
    "switching",
    "fresh",
    "web",
    "runtime",
    "checking",
    "testing",
    "scaffold",
    "authoring",
)
DOMAINS = (
    *("auth", "users", "assets", "timeline", "trash", "download", "settings", "server", "realtime", "sync"),
    "plugins",
)
LAYERS = (("plugin_api",), ("db",), ("hosting",), ("media", "jobs"), ("wire",), DOMAINS, TOP)
"""From below; a room imports rooms of lower layers only, the topmost ones each other too."""
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}

BUILT_IN = set(sys.stdlib_module_names)


def host_imports(module: Module) -> list[tuple[str, int]]:
    return [(name, line) for name, line in module.imports if name.split(".")[0] == "immich_host" and "." in name]


def room_of(name: str) -> str:
    return name.split(".")[1]


def known_room(module: Module) -> bool:
    return module.name == "immich_host" or module.room in RANK


def test_every_room_has_its_layer():
    nothing([module.where for module in host_modules() if not known_room(module)])


def wrong_direction(module: Module) -> list[str]:
    found: list[str] = []
    for name, line in host_imports(module):
        own, other = module.room, room_of(name)
        if own == other or own in TOP or RANK[other] < RANK[own]:
            continue
        if own in DOMAINS and other in DOMAINS and name.split(".")[2:3] == ["store"]:
            continue
        found.append(f"{module.where}:{line} imports {name}")
    return found


def test_imports_go_downward_and_between_domains_through_the_store():
    nothing([line for module in host_modules() if module.room for line in wrong_direction(module)])


def test_domains_have_no_cycle():
    edges: dict[str, set[str]] = defaultdict(set)
    for module in host_modules():
        if module.room in DOMAINS:
            edges[module.room] |= {room_of(name) for name, _ in host_imports(module)} & set(DOMAINS) - {module.room}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail(f"domains import each other: {' > '.join(error.args[1])}")


@pytest.mark.parametrize("plugin", plugin_modules())
def test_a_plugin_imports_the_api_itself_and_what_it_declares(plugin: str):
    (own,) = in_folder(ROOT / "plugins" / plugin)
    nothing(map(str, imports(own)))
    assert len(own.modules) >= 2


def third_party(module: Module) -> set[str]:
    return {name.split(".")[0] for name, _ in module.imports} - BUILT_IN


def test_the_host_imports_what_it_declares():
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["testing"]
    own, for_tests = ({normal(text) for text in texts} for texts in (project["dependencies"], extra))
    owners = distributions()
    found: list[str] = []
    for module in host_modules():
        allowed = own | for_tests if module.room == "testing" else own
        for name in third_party(module) - {"immich_host"}:
            # what a declared package is made of may be used by its own name
            known = {normal(owner) for owner in owners.get(name, [])} | ({normal(name)} & PARTS.keys())
            if not known & allowed and PARTS.get(normal(name)) not in allowed:
                found.append(f"{module.where} imports {name}")
    nothing(found)


PARTS = {"werkzeug": "quart", "pydantic-core": "pydantic"}
"""Package -> the declared one that it is a part of."""


def in_tables_or_database(module: Module) -> bool:
    return module.path.name in {"tables.py", "store.py"} or "migrations" in module.path.parts or module.room == "db"


def is_routes(module: Module) -> bool:
    return module.path.stem.endswith("routes") or module.name == "immich_host.web" or module.room == "wire"


def only_for_routes(module: Module) -> bool:
    """Routes themselves, and modules that nobody but routes imports."""
    return is_routes(module) or all(
        is_routes(other)
        for other in host_modules()
        if any((f"{name}.").startswith(f"{module.name}.") for name, _ in other.imports)
    )


PICTURES = ("immich_thumbnails", "immich_inference", "immich_faces", "immich_ocr", "immich_duplicates")
"""Plugins of which pixels are the matter: models are given pictures, and cut and scale them to their needs."""

ROOMS = {
    "pluggy": lambda module: module.room == "hosting" or module.name == "immich_host.plugin_api.markers",
    "dramatiq": lambda module: module.room == "jobs",
    "quart": only_for_routes,
    "piccolo": lambda module: in_tables_or_database(module) or module.name == "immich_host.plugin_api.migrations",
    "PIL": lambda module: module.name.startswith(PICTURES),
    "exiftool": lambda module: module.name.startswith("immich_metadata"),
    "ffmpeg": lambda _module: False,
    "onnxruntime": lambda module: module.name.startswith("immich_inference"),
    "tokenizers": lambda module: module.name.startswith("immich_inference"),
    "huggingface_hub": lambda module: module.name.startswith("immich_inference"),
    "rapidocr": lambda module: module.name.startswith("immich_ocr"),
}


@pytest.mark.parametrize("library", ROOMS)
def test_one_library_has_one_room(library: str):
    nothing([m.where for m in all_modules() if library in third_party(m) and not ROOMS[library](m)])


def immich_words(value: object) -> set[str]:
    """Names of fields and values of enumerations in the API's document."""
    found: set[str] = set()
    if isinstance(value, dict):
        found |= set(value.get("properties") or ())
        found |= {str(each) for each in value.get("enum") or ()}
        found |= {word for child in value.values() for word in immich_words(child)}
    elif isinstance(value, list):
        found |= {word for child in value for word in immich_words(child)}
    return found


def test_the_host_names_no_plugin():
    plugins = plugin_modules().keys()
    words = immich_words(openapi_document())
    names = {f"immich_{name}" for name in plugins} | (plugins - words)
    found = [
        f"{module.where}:{node.lineno} {node.value!r}"
        for module in host_modules()
        for node in strings(module)
        if node.value in names
        or (node.value.partition(".")[0] in plugins and "." in node.value and node.value not in words)
    ]
    nothing(found)


def strings(module: Module) -> list[Any]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_the_reader_sees_every_kind_of_import():
    code = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from a import b
def late():
    import c.d
    importlib.import_module("e.f")
from . import g
from ..h import i
"""
    names = {name for name, _ in imports_of(ast.parse(code), "top.room")}
    assert names >= {"a.b", "c.d", "e.f", "top.room.g", "top.h.i"}
