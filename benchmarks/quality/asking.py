"""Asking the plugins' models in process, and what the commands of this folder have in common."""

import argparse
import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from immich_host.hosting import Hosting
from immich_inference.api import Ask
from immich_inference.engine import Engine
from immich_inference.equipping import limits_by, running_by
from immich_inference.registry import Registry
from immich_inference.settings import InferenceSettings

ASSETS = Path(__file__).parents[3] / "shared" / "assets"


class Models:
    """All models that installed plugins bring, and those in a folder."""

    def __init__(self, folder: Path) -> None:
        settings = InferenceSettings()
        registry = Registry(Hosting().brought, lambda: folder)
        self._engine = Engine(registry, running_by(settings, 2), lambda: limits_by(settings, 0))

    async def of_image(self, image: bytes, task: str, types: Sequence[str], model: str) -> Any:
        """What the task's last type gives."""
        asks = [Ask(task, each, model) for each in types]
        return (await self._engine.predict(asks, image=image)).values[task]

    async def of_text(self, text: str, task: str, model: str) -> Any:
        """The same for words."""
        return (await self._engine.predict([Ask(task, "textual", model)], text=text)).values[task]

    def close(self) -> None:
        """Let go of them."""
        self._engine.close()


def options(about: str | None) -> argparse.ArgumentParser:
    """What every command takes."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path, default=ASSETS, help="folder of Immich's test files")
    parser.add_argument("--model", default="starter")
    parser.add_argument(
        "--models", type=Path, default=Path("models"), help="folder of other models, in Immich's layout"
    )
    parser.add_argument("--json", action="store_true")
    return parser


def run(
    parser: argparse.ArgumentParser,
    measure: Callable[[Models, argparse.Namespace], Awaitable[Any]],
    show: Callable[[Any, argparse.Namespace], None],
) -> None:
    """Measure, and show it, as JSON where that is wanted."""
    arguments = parser.parse_args()

    async def measured() -> Any:
        models = Models(arguments.models)
        try:
            return await measure(models, arguments)
        finally:
            models.close()

    result = asyncio.run(measured())
    if arguments.json:
        print(json.dumps(result))
    else:
        show(result, arguments)


def interval(hits: int, of: int) -> tuple[float, float]:
    """Where the true share lies in 95 of 100 cases, by Wilson: how little few trials say."""
    if of == 0:
        return 0.0, 1.0
    z = 1.96
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def shown(hits: int, of: int) -> str:
    """`3 of 4 (0.30-0.95)`."""
    low, high = interval(hits, of)
    return f"{hits} of {of} ({low:.2f}-{high:.2f})"
