"""`immich-host plugins install` and `uninstall`: for a server that runs, and for one that does not."""

from typing import Annotated

import typer

from immich_host.hosting import Status
from immich_host.plugins import changes, installing, store
from immich_host.plugins.dto import PluginCandidateDto
from immich_host.plugins.installing import Tried
from immich_host.plugins.terminal import Json, Name, Outside, Run, Yes, and_others, as_json, ask, fail

Source = Annotated[
    str,
    typer.Argument(help="A package's name (`NAME`, `NAME>=2`), a wheel, or a project folder.", show_default=False),
]


def add_installing(app: typer.Typer, run: Run) -> None:
    """Take the commands into a group."""
    _installing(app, run)
    _uninstalling(app, run)


def _installing(app: typer.Typer, run: Run) -> None:
    @app.command()
    def install(
        source: Source,
        enable: Annotated[bool, typer.Option("--enable", help="Switch it on, too.")] = False,
        yes: Yes = False,
        for_programs: Json = False,
    ) -> None:
        """Check a plugin, install it into this environment and load it, in a server that runs too; asks first.

        A new plugin stays off until it is switched on. Where an older version of it was in use, the processes
        of the server are replaced one by one; no request and no job is lost.
        """

        async def work(outside: Outside) -> None:
            async with installing.tried(source, _say) as candidate:
                if not yes and not candidate.findings:
                    ask(_question(candidate))
                failures = await installing.install(outside.db, candidate, _say, is_enabled=enable)
                wishes = await store.wishes(outside.db)
            if for_programs:
                shown = [one.model_dump(mode="json", by_alias=True) for one in candidate.plugins]
                typer.echo(as_json({"plugins": shown, "failures": failures}))
            for one in candidate.plugins if not for_programs else ():
                is_off = wishes.get(one.name, store.Wish()).is_off
                state = f"; switch it on by `immich-host plugins enable {one.name}`" if is_off else " and on"
                typer.echo(f"{one.name} {one.version} is installed{state}")
            if failures:
                fail("; ".join(f"the tables of {name} cannot be made: {why}" for name, why in failures.items()))

        run(work)


async def _say(step: str) -> None:
    typer.echo(f"{step} ...", err=True)


def _question(candidate: Tried) -> str:
    lines = [_described(one) for one in candidate.plugins]
    if candidate.needed:
        lines.append(f"It brings the packages {', '.join(path.stem for path in candidate.needed)}.")
    return " ".join([*lines, "Its code runs with the server's rights. Install it?"])


def _described(one: PluginCandidateDto) -> str:
    uses = f" It uses: {', '.join(one.uses)}." if one.uses else ""
    return f"{one.name} {one.version}: {(one.description or one.title).removesuffix('.')}.{uses}"


def _uninstalling(app: typer.Typer, run: Run) -> None:
    @app.command()
    def uninstall(
        name: Name,
        purge: Annotated[bool, typer.Option("--purge", help="Drop its tables and settings as well.")] = False,
        yes: Yes = False,
    ) -> None:
        """Switch a plugin off and take its package out of this environment; asks first. Its data stay."""

        async def work(outside: Outside) -> None:
            plan = await changes.planned(outside.db, outside.hosting, name, is_enabled=False)
            if not yes:
                ask(_farewell(name, plan.also_off, purge=purge))

            async def off(names: list[str]) -> None:
                for each in names:  # nothing runs here, so it is off as soon as it is wished
                    record = outside.hosting.records.get(each)
                    if record is not None and record.is_enabled:
                        record.status = Status.DISABLED

            gone = await installing.uninstall(outside.db, outside.hosting, None, name, _say, purge=purge, off=off)
            typer.echo(f"{and_others(gone[0], gone[1:])} uninstalled")

        run(work)


def _farewell(name: str, also_off: list[str], *, purge: bool) -> str:
    others = f"{', '.join(also_off)} will go off with {name}. " if also_off else ""
    data = "All that it has stored will be gone." if purge else "What it has stored stays."
    return f"{others}{data} Uninstall {name}?"
