"""The packages in examples/ are installed as a stranger's would be, and pass their own tests there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from immich_host.checking import check
from tests.house.sources import ROOT, nothing

FOLDERS = sorted(path.parent for path in (ROOT / "examples").glob("*/pyproject.toml"))


def install(folder: Path, target: Path) -> None:
    """Build the package and put it where nothing but `target` is touched."""
    options = [
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_passes_its_tests_where_a_stranger_installed_it(folder: Path, tmp_path: Path):
    source, site = tmp_path / "source", tmp_path / "site"
    shutil.copytree(folder, source, ignore=shutil.ignore_patterns("__pycache__", "build", ".*"))
    install(source, site)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "IMMICH_HOST_"))}
    # away from the source, so that what is not in the package is missed
    shutil.copytree(source / "tests", site / "tests")
    shutil.copy(source / "pyproject.toml", site)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "--durations=5", "tests"],
        cwd=site,
        env=environment | {"PYTHONPATH": os.pathsep.join((str(site), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-9000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_keeps_the_rules_for_plugins(folder: Path):
    nothing(map(str, check(folder)))


def test_the_examples_are_there():
    assert {folder.name for folder in FOLDERS} >= {"auto_stack", "hot_folder", "webhooks"}
