"""`immich-host models`: which are here, download, remove, check. What they need is imported when they run."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from immich_host.plugin_api.commands import CommandLine

if TYPE_CHECKING:
    from immich_inference.known import KnownModel
    from immich_inference.progress import DownloadState
    from immich_inference.registry import Registry
    from immich_inference.settings import InferenceSettings

MODELS = typer.Typer(name="models", help="Models: which are here, download, remove, check.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option(help="Folder of models, where it is not that of a server's settings; no database is needed then."),
]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Name = Annotated[str, typer.Argument(help="task/model, such as clip/ViT-B-32__openai.")]


@MODELS.command("list")
def show(ctx: typer.Context, folder: Folder = None, as_json: Json = False) -> None:
    """Models that are here, and downloads that go on or have failed."""
    from immich_inference.known import known_models
    from immich_inference.progress import states

    registry, _ = _registry(ctx, folder)
    models, downloads = known_models(registry), states(registry.folder)
    if as_json:
        _print_json({"folder": registry.folder, "models": models, "downloads": downloads})
        return
    for each in models:
        note = "" if each.usable else "  (no installed plugin brings this task)"
        typer.echo(f"{each.task}/{each.name}  {', '.join(each.types)}  {_size(each.bytes)}  {each.source}{note}")
    for each in downloads:
        typer.echo(f"{each.task}/{each.model}  {_how_far(each)}")


@MODELS.command()
def download(
    ctx: typer.Context,
    name: Name,
    folder: Folder = None,
    hub: Annotated[str | None, typer.Option(help="Address of the hub, where it is not that of the settings.")] = None,
    as_json: Json = False,
) -> None:
    """Download a model of Immich's collection, or another (task/owner/name); one that was cut goes on."""
    from immich_inference.downloading import download as bring
    from immich_inference.elsewhere import source_of
    from immich_inference.errors import DownloadFailed
    from immich_inference.hub import Hub

    task, model = _task_and_model(name)
    registry, settings = _registry(ctx, folder)
    source = source_of(registry, Hub(hub or settings.hub, settings.collection), task, model)
    with _progress(name, is_shown=not as_json) as tell:
        try:
            place = asyncio.run(bring(source, registry.folder, task, model, tell))
        except DownloadFailed as error:
            _fail(str(error))
    if as_json:
        _print_json({"task": task, "model": model, "folder": place})
    else:
        typer.echo(f"{name} is in {place}")


@MODELS.command()
def remove(ctx: typer.Context, name: Name, folder: Folder = None) -> None:
    """Remove a downloaded model's files."""
    from immich_inference import known

    registry, _ = _registry(ctx, folder)
    try:
        known.remove(registry, *_task_and_model(name))
    except LookupError as error:
        _fail(str(error))


@MODELS.command()
def check(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="task/model; all where it is not given.")] = None,
    folder: Folder = None,
    as_json: Json = False,
) -> None:
    """Look at the hashes of what was downloaded, and load every model; 1 where something is wrong."""
    from immich_inference.known import faults, known_models
    from immich_inference.layout import clean_name

    registry, _ = _registry(ctx, folder)
    wanted = _task_and_model(name) if name else None
    models = [each for each in known_models(registry) if wanted is None or _is(each, *wanted, clean_name)]
    if not models:
        _fail(f"no model {name or ''} is here")
    found = {f"{each.task}/{each.name}": faults(registry, each) for each in models}
    if as_json:
        _print_json(found)
    else:
        for each, wrong in found.items():
            typer.echo(f"{each}  {'; '.join(wrong) or 'ok'}")
    if any(found.values()):
        raise typer.Exit(1)


def _is(known: "KnownModel", task: str, model: str, clean: Any) -> bool:
    return known.task == task and clean(known.name) == clean(model)


def _registry(ctx: typer.Context, folder: Path | None) -> "tuple[Registry, InferenceSettings]":
    from immich_inference.registry import Registry
    from immich_inference.settings import InferenceSettings

    line: CommandLine = ctx.obj
    settings = InferenceSettings() if folder else line.settings(InferenceSettings)
    place = folder or Path(settings.folder or line.folder("inference") / "models")
    return Registry(line.brought, lambda: place), settings


def _task_and_model(name: str) -> tuple[str, str]:
    task, _, model = name.partition("/")
    if not task or not model.strip("/"):
        _fail(f"{name} is not task/model, such as clip/ViT-B-32__openai")
    return task, model


@contextmanager
def _progress(name: str, *, is_shown: bool) -> Iterator[Any]:
    """What is told of a download; a bar, where a person looks."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), disable=not is_shown) as progress:
        bar = progress.add_task(name, total=None)

        async def tell(state: "DownloadState") -> None:
            progress.update(bar, completed=state.done, total=state.total or None)

        yield tell


def _how_far(state: "DownloadState") -> str:
    if state.error:
        return f"failed: {state.error}"
    part = f"{state.done / state.total:.0%} of {_size(state.total)}" if state.total else "begun"
    return part if state.is_under_way else f"{part}, nobody is at it"


def _size(count: int) -> str:
    return f"{count / 1e6:.0f} MB"


def _print_json(value: Any) -> None:
    import orjson

    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
