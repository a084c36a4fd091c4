"""The style that the project file sets holds everywhere."""

import subprocess
import sys

import pytest

from tests.house.sources import ROOT


@pytest.mark.parametrize("arguments", [("check",), ("format", "--check")], ids=["lint", "format"])
def test_ruff_has_nothing_to_say(arguments: tuple[str, ...]):
    ended = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--quiet", "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-1000:]
