import os
import subprocess
import sys
from pathlib import Path

import pytest

HOOKS = """
import typer
from immich_host.plugin_api import hookimpl
app = typer.Typer()

@app.command()
def greet(name: str):
    "Say hello."
    typer.echo(f"hello {name}")

@app.command()
def part():
    "Say goodbye."

@hookimpl
def register_commands():
    return [app]
"""


@pytest.fixture
def run(tmp_path: Path):
    """Run `immich-host` where a plugin `greeter` is installed."""
    package, info = tmp_path / "immich_greeter", tmp_path / "greeter-1.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("from immich_host.plugin_api import Plugin\nPLUGIN = Plugin('greeter')\n")
    (package / "hooks.py").write_text(HOOKS)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[immich_host.plugins]\ngreeter = immich_greeter\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "immich_host", *arguments],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_plugins_commands_are_below_its_name(run):
    assert run("greeter", "greet", "Ann").stdout == "hello Ann\n"
    assert "Say goodbye" in run("greeter", "--help").stdout


def test_a_plugin_without_commands_or_an_unknown_word_is_no_command(run):
    for word in ("sidecar", "nothing"):
        done = run(word)
        assert done.returncode == 2
        assert f"No such command '{word}'" in done.stderr
