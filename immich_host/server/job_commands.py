"""`immich-host jobs`: queues and failures on the terminal of the machine, beside a running server."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

import typer

from immich_host.jobs.failures import Wanted
from immich_host.server import job_answers
from immich_host.server.job_dto import FailureDto, ResultStandingDto, StartOn, WorkQueueDto
from immich_host.server.job_showing import console, failure_table, queue_table, result_table
from immich_host.server.job_terminal import Outside, Terminal, as_json, fail
from immich_host.server.job_watch import watch as show_again
from immich_host.server.queue_dto import ManualJobName
from immich_host.server.queue_routes import refuse_pause

Queue = Annotated[str, typer.Argument(help="Name of the queue.", show_default=False)]
SomeQueue = Annotated[str | None, typer.Option("--queue", help="Only those of this queue.", show_default=False)]
SomeJob = Annotated[str | None, typer.Option("--job", help="Only those of this job.", show_default=False)]
SomeAsset = Annotated[UUID | None, typer.Option("--asset", help="Only those of this asset.", show_default=False)]
Ids = Annotated[list[UUID] | None, typer.Argument(help="Ids that `failed` shows.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All failures.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def job_commands(terminal: Terminal) -> typer.Typer:
    """The commands, on the database that `terminal` opens."""
    app = typer.Typer(help="Jobs: queues, what runs, what failed and why.", no_args_is_help=True)
    _looking(app, terminal)
    _watching(app, terminal)
    _commanding(app, terminal)
    _failing(app, terminal)
    return app


def _looking(app: typer.Typer, terminal: Terminal) -> None:
    @app.command("list")
    def list_queues(for_programs: Json = False) -> None:
        """List the queues: what they hold, how fast they get on, how long it will take."""

        async def work(outside: Outside) -> list[WorkQueueDto]:
            return [job_answers.queue(one) for one in await outside.room.progress.work()]

        queues = terminal.run(work)
        typer.echo(as_json(queues)) if for_programs else console().print(queue_table(queues))

    @app.command()
    def stale(for_programs: Json = False) -> None:
        """Say how many results of each job were made by other settings than those of now."""

        async def work(outside: Outside) -> list[ResultStandingDto]:
            found = await outside.room.results.standings(await outside.settings())
            return [job_answers.standing(one) for one in found]

        standings = terminal.run(work)
        typer.echo(as_json(standings)) if for_programs else console().print(result_table(standings))


def _watching(app: typer.Typer, terminal: Terminal) -> None:
    @app.command()
    def watch(
        every: Annotated[float, typer.Option(min=0.2, help="Seconds between looks.")] = 2.0,
        until_idle: Annotated[
            bool, typer.Option("--until-idle", help="End when nothing is to be done; with 3 where jobs have failed.")
        ] = False,
    ) -> None:
        """Show queues, running jobs and failures as they change, until Ctrl-C."""
        with suppress(KeyboardInterrupt):
            terminal.run(lambda outside: show_again(outside, every=every, until_idle=until_idle))


def _commanding(app: typer.Typer, terminal: Terminal) -> None:
    @app.command()
    def start(
        queue: Queue, on: Annotated[StartOn, typer.Argument(help="The assets to work on.")] = StartOn.MISSING
    ) -> None:
        """Run a queue's job on all assets, those without a result, or those with a stale one."""
        terminal.run(lambda outside: outside.room.commands.start(outside.check(queue), on.value))
        typer.echo(f"{queue} is started")

    @app.command()
    def pause(queue: Queue) -> None:
        """Begin none of a queue's jobs until it is resumed; those that run finish."""

        async def work(outside: Outside) -> None:
            refuse_pause(outside.check(queue))
            await outside.room.commands.pause(queue)

        terminal.run(work)
        typer.echo(f"{queue} is paused")

    @app.command()
    def resume(queue: Queue) -> None:
        """Go on with a paused queue."""
        terminal.run(lambda outside: outside.room.commands.resume(outside.check(queue)))
        typer.echo(f"{queue} goes on")

    @app.command()
    def empty(queue: Queue) -> None:
        """Forget what waits in a queue and cancel what runs; failures stay."""
        amount = terminal.run(lambda outside: outside.room.commands.empty(outside.check(queue)))
        typer.echo(f"{amount} forgotten or cancelled")

    @app.command()
    def run(name: Annotated[ManualJobName, typer.Argument(help="The job.", show_default=False)]) -> None:
        """Start one of the jobs that clean up, back up or check."""
        if not terminal.run(lambda outside: outside.room.commands.run_manual(name.value)):
            fail(f"no plugin that is switched on does {name.value}")
        typer.echo(f"{name.value} is asked for")


def _failing(app: typer.Typer, terminal: Terminal) -> None:
    @app.command()
    def failed(
        queue: SomeQueue = None,
        job: SomeJob = None,
        asset: SomeAsset = None,
        limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
        for_programs: Json = False,
    ) -> None:
        """List jobs whose last attempt failed, with the reason and when they are tried again."""

        async def work(outside: Outside) -> list[FailureDto]:
            wanted = _wanted(outside, None, queue, job, asset)
            return [job_answers.failure(one) for one in await outside.room.failures.find(wanted, limit=limit)]

        failures = terminal.run(work)
        typer.echo(as_json(failures)) if for_programs else console().print(failure_table(failures))

    @app.command()
    def retry(
        ids: Ids = None, queue: SomeQueue = None, job: SomeJob = None, asset: SomeAsset = None, every: All = False
    ) -> None:
        """Try failed jobs again now, with all their attempts."""
        _check_choice(ids, queue, job, asset, every=every)
        again = terminal.run(
            lambda outside: outside.room.failures.retry(_wanted(outside, ids, queue, job, asset)),
        )
        typer.echo(f"{again} to be tried again")

    @app.command()
    def clear(
        ids: Ids = None, queue: SomeQueue = None, job: SomeJob = None, asset: SomeAsset = None, every: All = False
    ) -> None:
        """Forget jobs that were given up."""
        _check_choice(ids, queue, job, asset, every=every)
        gone = terminal.run(
            lambda outside: outside.room.failures.clear(_wanted(outside, ids, queue, job, asset)),
        )
        typer.echo(f"{gone} forgotten")


def _check_choice(ids: list[UUID] | None, *choices: object, every: bool) -> None:
    if every == bool(ids or any(choices)):
        fail("say which by ids, --queue, --job or --asset, or --all for all of them")


def _wanted(outside: Outside, ids: list[UUID] | None, queue: str | None, job: str | None, asset: UUID | None) -> Wanted:
    return Wanted(
        ids=ids or None,
        queue=outside.check(queue) if queue else None,
        job=job,
        asset_ids=[asset] if asset else None,
    )
