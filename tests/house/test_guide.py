"""The plugin of docs/plugins/guide.md is written from the page, installed, and passes its own tests."""

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


def files() -> dict[str, Snippet]:
    """Name of a file -> the snippet that holds it."""
    found = [snippet for snippet in snippets() if snippet.page == PAGE and snippet.title.startswith("title=")]
    return {snippet.title.removeprefix("title=").strip('"'): snippet for snippet in found}


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder with the package, which Python takes for an installed one."""
    for name, snippet in files().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(snippet.text + "\n")
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    (group, entries), *_ = project["entry-points"].items()
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
    return tmp_path


@pytest.mark.timeout(240)
def test_the_plugin_of_the_guide_passes_its_tests(stranger: Path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "IMMICH_HOST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "tests"],
        cwd=stranger,
        env=environment | {"PYTHONPATH": str(stranger)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


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
