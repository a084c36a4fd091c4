"""Commands for authors of plugins, `immich-host plugins new` and `check`; neither needs a database."""

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="Lower case letters, digits and underscores.")]
Into = Annotated[Path | None, typer.Option(help="Folder to make; ./immich-host-NAME unless given.")]
Where = Annotated[Path, typer.Argument(help="A plugin's project folder, or its wheel.")]


def new(name: Name, into: Into = None) -> None:
    """Make a new plugin that works: job, route, table, setting, hook and tests."""
    from immich_host.scaffold import CannotRender, render

    target = into or Path(f"immich-host-{name.replace('_', '-')}")
    try:
        render(name, target)
    except CannotRender as problem:
        typer.echo(f"immich-host: {problem}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{target} is made; go on with: pip install -e {target.resolve()}")


def check(path: Where) -> None:
    """Say what is wrong with a plugin that need not be installed."""
    from immich_host.checking import NoPlugin
    from immich_host.checking import check as find

    try:
        findings = find(path)
    except NoPlugin as problem:
        typer.echo(f"immich-host: {problem}", err=True)
        raise typer.Exit(1) from None
    for finding in findings:
        typer.echo(str(finding))
    if findings:
        raise typer.Exit(1)
    typer.echo(f"{path}: nothing is wrong")


def add_to(group: typer.Typer) -> typer.Typer:
    """Take the commands into a group."""
    group.command()(new)
    group.command()(check)
    return group
