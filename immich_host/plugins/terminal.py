"""What the commands on plugins have in common: the database from outside the server, questions, failures."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import orjson
import typer

from immich_host.db.database import Database
from immich_host.db.notices import Notices
from immich_host.hosting import Hosting
from immich_host.plugins.answers import overview
from immich_host.plugins.dto import InstalledPluginDto
from immich_host.settings.store import LiveSettings, assembled

type Run = Callable[[Callable[[Outside], Awaitable[Any]]], Any]
"""Does work and gives its result; ends the command when it fails."""

FAILED: Final = 1

Name = Annotated[str, typer.Argument(help="Name of the plugin.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Outside:
    """The installed plugins seen from outside the server's processes: with their status, none of them started."""

    db: Database
    hosting: Hosting
    config_file: Path | None

    async def shown(self) -> list[InstalledPluginDto]:
        """As the API shows them."""
        catalogue = assembled(self.hosting)
        live = LiveSettings(self.db, Notices(self.db.url), self.hosting, catalogue, self.config_file)
        await live.start()
        return await overview(self.db, self.hosting, live)


def fail(message: str) -> NoReturn:
    """Say why on stderr and end with 1."""
    typer.echo(message, err=True)
    raise typer.Exit(FAILED)


def ask(question: str) -> None:
    """Go on only when the answer is yes; no answer at all is a no."""
    if not typer.confirm(question, err=True):
        fail("nothing was changed")


def and_others(name: str, others: list[str]) -> str:
    """Subject and verb for a plugin and what goes with it."""
    return f"{', '.join([name, *others])} {'are' if others else 'is'}"


def as_json(value: object) -> str:
    """For programs."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
