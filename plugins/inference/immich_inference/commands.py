"""`immich-host infer`. What it needs is imported when it runs."""

from pathlib import Path
from typing import Annotated, Any

import typer

from immich_host.plugin_api.commands import CommandLine
from immich_inference.layout import split_name

INFER = typer.Typer()

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of downloaded models, in Immich's layout (plugins/inference/models in the data folder)."),
]


def _named(names: list[str] | None) -> list[str] | None:
    for name in names or ():
        try:
            split_name(name)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
    return names


@INFER.command()
def infer(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one and says which.")] = 3003,
    folder: Folder = None,
    preload: Annotated[
        list[str] | None,
        typer.Option(help="Load at the start: task/model or task/model/type; may be repeated.", callback=_named),
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(help="Execution provider (CUDA, OpenVINO, CPU, ...), in order of preference; may be repeated."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, help="Threads of one run of a model; 0: the cores.")] = 0,
    keep_seconds: Annotated[
        int, typer.Option(min=0, help="Unload models that nobody used for so long; 0: never.")
    ] = 300,
    memory: Annotated[int, typer.Option(min=0, help="Megabytes of models to hold; 0: 4096.")] = 0,
    download: Annotated[bool, typer.Option(help="Download models that are asked for and not here.")] = True,
    hub: Annotated[str, typer.Option(help="Address of the hub; by default the one that Immich's models are on.")] = "",
    max_body: Annotated[int, typer.Option(min=1, help="Megabytes that a request may have.")] = 64,
) -> None:
    """Run models as a service for servers on this or another machine, by Immich's protocol; needs no database."""
    from immich_inference.serving import Serving, run
    from immich_inference.settings import InferenceSettings

    line: CommandLine = ctx.obj
    settings: dict[str, Any] = {
        "providers": provider or (), "preload": preload or (), "threads": threads, "keep_seconds": keep_seconds,
        "memory": memory, "download": download, "hub": hub,
    }  # fmt: skip
    place = folder or line.folder("inference") / "models"
    try:
        run(line, Serving(host, port, place, max_body << 20, InferenceSettings(**settings)))
    except OSError as error:
        typer.echo(f"cannot listen on {host} port {port}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error
