"""Names, sizes, and what must not be committed."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT, Module, all_modules, committed, nothing

NOBODYS = {"utils", "util", "common", "helpers", "helper", "base", "manager", "managers", "misc"}
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
WHY = "Why longer than others:"
"""Begins the sentence in a long module's docstring that says why it is one file."""

PLACES = re.compile(
    r"(?<![\w.])/(?:root|work|tmp/w)/|/home/(?!me\b|you\b)\w+/|[\w.-]+\.internal\b|/simple/|index-url[ =]+http|"
    r"artifactory|\b(?:py"
    r"pi|python"
    r"hosted|registry\.npm"
    r"js)\.org\b"  # in pieces: this file is committed too
)
"""Addresses of registries and paths of one machine."""
SECRETS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_\w{30,}|\bAKIA[A-Z0-9]{16}\b")
HERE = Path(__file__)
MODELS = Path("plugins", "starter_models", "immich_starter_models", "models")
"""The only large files: without them nothing could be searched for before something is downloaded."""


def committed_text() -> list[tuple[str, str]]:
    """Name and content of every committed text file but this one."""
    found: list[tuple[str, str]] = []
    for path in committed():
        content = path.read_bytes()
        if path != HERE and b"\0" not in content[:8000]:
            found.append((str(path.relative_to(ROOT)), content.decode(errors="replace")))
    return found


def test_no_file_or_folder_is_called_what_says_nothing():
    names = {str(path.relative_to(ROOT)) for path in committed()}
    nothing([name for name in names if NOBODYS & {part.partition(".")[0].lower() for part in Path(name).parts}])


@pytest.mark.parametrize("forbidden", [PLACES, SECRETS], ids=["places", "secrets"])
def test_nothing_committed_knows_a_machine_a_registry_or_a_secret(forbidden: re.Pattern[str]):
    found = [
        f"{name}:{number} {line.strip()[:100]}"
        for name, text in committed_text()
        for number, line in enumerate(text.splitlines(), 1)
        if forbidden.search(line)
    ]
    nothing(found)


def test_no_committed_file_is_over_a_megabyte():
    large = [path.relative_to(ROOT) for path in committed() if path.stat().st_size > 1 << 20]
    nothing([str(path) for path in large if not path.is_relative_to(MODELS)])


def test_files_stay_short_or_say_why_not():
    long = [module for module in all_modules() if len(module.path.read_text().splitlines()) > LONGEST_FILE]
    nothing([m.where for m in long if WHY not in (ast.get_docstring(m.tree) or "")])


def functions(module: Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end; a docstring does not count."""
    whole = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    return whole - ((first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0)


def test_functions_stay_short():
    found = [
        f"{module.where}:{function.lineno} {function.name}: {length(function)} lines"
        for module in all_modules()
        for function in functions(module)
        if length(function) >= LONGEST_FUNCTION
    ]
    nothing(found)


def silent(handler: ast.ExceptHandler) -> bool:
    """Whether whatever happens is passed over, unlogged."""
    anything = handler.type is None or getattr(handler.type, "id", "") in {"Exception", "BaseException"}
    return anything and all(isinstance(line, ast.Pass | ast.Continue) for line in handler.body)


def test_no_error_is_passed_over_in_silence():
    found = [
        f"{module.where}:{node.lineno}"
        for module in all_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and silent(node)
    ]
    nothing(found)
