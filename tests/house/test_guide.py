"""The plugins of docs/plugins/guide.md and models.md are written from the page, installed, and pass their own tests."""

import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from immich_host.checking.package import imports_of
from tests.house.sources import ROOT, nothing
from tests.house.test_docs import Snippet, snippets

PAGE = ROOT / "docs" / "plugins" / "guide.md"
MODELS_PAGE = ROOT / "docs" / "plugins" / "models.md"


def files(page: Path = PAGE) -> dict[str, Snippet]:
    """Name of a file -> the snippet that holds it."""
    found = [snippet for snippet in snippets() if snippet.page == page and snippet.title.startswith("title=")]
    return {snippet.title.removeprefix("title=").strip('"'): snippet for snippet in found}


def written(page: Path, folder: Path) -> Path:
    """A folder with the package of a page, which Python takes for an installed one."""
    for name, snippet in files(page).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet.text + "\n")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    (group, entries), *_ = project["entry-points"].items()
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
    return folder


def passes(folder: Path, *command: str) -> str:
    """Run Python in the folder as its author would; it has to succeed. Returns what it said."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "IMMICH_HOST_"))}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(("page", "before"), [(PAGE, ()), (MODELS_PAGE, (("make_model.py",),))])
@pytest.mark.timeout(600)
def test_the_plugin_of_a_page_passes_its_tests(tmp_path: Path, page: Path, before: tuple[tuple[str, ...], ...]):
    folder = written(page, tmp_path)
    for command in before:
        passes(folder, *command)
    assert " passed" in passes(folder, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "tests")


def test_it_imports_only_what_the_guide_allows():
    assert len(files()) > 7
    own = "immich_bigfiles", "immich_host.plugin_api", "pydantic"
    nothing(
        f"{file}: {name}"
        for file, snippet in files().items()
        if file.endswith(".py") and not file.startswith("tests/")
        for name, _ in imports_of(ast.parse(snippet.text), "")
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(own)
    )
