import os
import subprocess
import sys
from pathlib import Path

import pytest

GREETER = """
import typer
from immich_host.plugin_api import hookimpl
app = typer.Typer()
group = typer.Typer(name="guests", help="Who is there.")

@app.command()
def greet(name: str):
    "Say hello."
    typer.echo(f"hello {name}")

@app.command()
def part():
    "Say goodbye."

@group.command("list")
def show(ctx: typer.Context):
    "List guests."
    typer.echo(f"{ctx.obj.brought('greeter_guests')} {ctx.obj.folder('greeter').name}")

@hookimpl
def greeter_guests():
    return ["Ann"]

@hookimpl
def register_commands():
    return [app, group]
"""


def install(folder: Path, name: str, hooks: str, **manifest: object) -> None:
    package, info = folder / f"immich_{name}", folder / f"{name}-1.dist-info"
    package.mkdir()
    info.mkdir()
    given = "".join(f", {key}={value!r}" for key, value in manifest.items())
    (package / "__init__.py").write_text(
        f"from immich_host.plugin_api import Plugin\nPLUGIN = Plugin({name!r}{given})\n"
    )
    (package / "hooks.py").write_text(hooks)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[immich_host.plugins]\n{name} = immich_{name}\n")


@pytest.fixture
def run(tmp_path: Path):
    """Run `immich-host` where a plugin `greeter` is installed, and one that cannot be loaded."""
    install(tmp_path, "greeter", GREETER, commands=("guests",))
    install(tmp_path, "broken", "raise RuntimeError('it is broken')", commands=("broken_too",))

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


def test_those_that_the_manifest_names_stand_beside_the_hosts_own(run):
    assert run("guests", "list").stdout == "{'greeter': ['Ann']} greeter\n"
    assert run("greeter", "guests", "list").stdout == "{'greeter': ['Ann']} greeter\n"
    listed = run("--help").stdout
    assert "guests" in listed
    assert "greet " not in listed


def test_a_command_of_a_plugin_that_cannot_be_loaded_says_why(run):
    done = run("broken_too")
    assert done.returncode == 2
    assert "it is broken" in done.stderr
