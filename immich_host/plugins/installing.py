"""Installing and uninstalling plugins, in a server's process and outside of it alike.

A plugin is fetched and built, put beside the environment and tried there in a process of its own; only what
passes gets into the environment. Packages that are there already never change: processes that run have
imported them. In the end every process is told to look at what is installed.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name, parse_wheel_filename

from immich_host.db.database import Database
from immich_host.db.notices import CHANNEL
from immich_host.hosting import Hosting
from immich_host.hosting.arrivals import NOTICE
from immich_host.hosting.discovery import installed
from immich_host.jobs.requests import Outbox
from immich_host.plugin_api.errors import NotFound, Refused
from immich_host.plugins import changes, packages, store
from immich_host.plugins.dto import PluginCandidateDto, PluginFindingDto
from immich_host.plugins.packages import FAILED, pip, python

type Say = Callable[[str], Awaitable[None]]
"""Told what is being done, a few words at a time."""

type Off = Callable[[list[str]], Awaitable[None]]
"""Waits until plugins, by name, are off here."""

FOLLOWED_WITHIN: Final = 2.0
"""Seconds until every process has switched a plugin off, and begins none of its jobs."""
JOBS_END_WITHIN: Final = 60.0
"""Seconds that uninstalling waits for the plugin's running jobs."""
_LOCK: Final = "immich-host installing"


@dataclass(frozen=True, slots=True)
class Tried:
    """A wheel that could be installed, with the wheels of what it needs besides, and the plugins in it."""

    wheel: Path
    needed: tuple[Path, ...]
    plugins: tuple[PluginCandidateDto, ...]
    findings: tuple[PluginFindingDto, ...]

    @property
    def names(self) -> list[str]:
        """The plugins' names."""
        return [one.name for one in self.plugins]


@asynccontextmanager
async def tried(source: str, say: Say) -> AsyncIterator[Tried]:
    """Fetch and build a package and try it beside what is installed; nothing changes, and nothing is left.

    Args:
        source: A package's name (`immich-host-webhooks`, `immich-host-webhooks>=2`), or the path of a wheel or folder.
        say: Told what is being done.

    Raises:
        Refused: 400 - the source is none of these; 422 - it cannot be fetched or built, or brings no plugin.
    """
    wanted = packages.requirement(source)
    with tempfile.TemporaryDirectory(prefix="immich-host-plugin") as name:
        folder = Path(name)
        await say("fetching")
        wheel = await _built(wanted, folder / "wheel")
        found = packages.plugins_in(wheel)
        needed = await _needed(wheel, folder)
        await say("checking")
        target = folder / "stage"
        staging = ["install", "--no-deps", "--no-index", "--no-compile", "--target", str(target)]
        await pip(*staging, str(wheel), *map(str, needed), what=f"{wheel.name} cannot be unpacked")
        answer = await _try(wheel, list(found), target)
        yield Tried(
            wheel,
            needed,
            tuple(PluginCandidateDto(**one) for one in answer["plugins"]),
            tuple(PluginFindingDto(**one) for one in answer["findings"]),
        )


async def _built(wanted: str, target: Path) -> Path:
    here = ["--no-build-isolation"] if packages.builds_here(wanted) else []
    options = ["wheel", "--no-deps", *here, "--wheel-dir", str(target)]
    await pip(*options, wanted, what=f"{wanted} cannot be fetched or built")
    [wheel] = await asyncio.to_thread(lambda: list(target.glob("*.whl")))
    return wheel


async def _needed(wheel: Path, folder: Path) -> tuple[Path, ...]:
    """The wheels of packages that it needs and that are not installed."""
    own = parse_wheel_filename(wheel.name)[0]
    constraints, report, target = folder / "constraints.txt", folder / "report.json", folder / "needed"
    constraints.write_text(packages.pins(without=own))
    asking = ["install", "--dry-run", "--quiet", "--report", str(report), "--constraint", str(constraints)]
    await pip(*asking, str(wheel), what=f"what {wheel.name} needs cannot be had beside the packages that are there")
    items = json.loads(report.read_text())["install"]
    wanted = [
        f"{item['metadata']['name']}=={item['metadata']['version']}"
        for item in items
        if canonicalize_name(item["metadata"]["name"]) != own
    ]
    if wanted:
        await pip("wheel", "--no-deps", "--wheel-dir", str(target), *wanted, what=f"{wheel.name} needs what fails")
    return tuple(sorted(target.glob("*.whl")))


async def _try(wheel: Path, names: list[str], target: Path) -> dict[str, Any]:
    """Load it with everything else, in a process of its own; faults of others that it does not cause are left out."""
    said = await python(
        ["-m", "immich_host.fresh", "try", str(wheel), *names],
        f"{wheel.name} cannot be tried",
        {"PYTHONPATH": str(target)},
    )
    answer = json.loads(said.splitlines()[-1])
    if any(one["rule"] == "others" for one in answer["findings"]):
        said = await python(["-m", "immich_host.fresh", "broken"], "the plugins that are there cannot be looked at")
        before = json.loads(said.splitlines()[-1])
        answer["findings"] = [one for one in answer["findings"] if one.pop("plugin", None) not in before]
    return answer


async def install(db: Database, candidate: Tried, say: Say, *, is_enabled: bool) -> dict[str, str]:
    """Install what was tried; every process takes it in, or is replaced where it holds other code of it.

    A plugin that is new stays off unless `is_enabled`; one that was there stays as it was.

    Returns:
        name -> why its tables could not be made; it is broken until they can.

    Raises:
        Refused: 409 - another installation is under way; 422 - it broke a rule, or pip failed.
    """
    if candidate.findings:
        errors: list[dict[str, object]] = [one.model_dump(by_alias=True) for one in candidate.findings]
        wrong = "; ".join(f"{one.rule}: {one.message}" for one in candidate.findings)
        raise Refused(FAILED, f"{candidate.wheel.name} is not installed: {wrong}", errors)
    async with _alone(db):
        await say("installing")
        known = await store.wishes(db)
        for name in candidate.names:
            if is_enabled or name not in known:  # before anybody can find it
                await store.wish(db, name, is_enabled=is_enabled)
        wheels = [str(candidate.wheel), *map(str, candidate.needed)]
        options = ["install", "--no-deps", "--no-index", "--force-reinstall", "--quiet"]
        await pip(*options, *wheels, what=f"{candidate.wheel.name} cannot be installed")
        await say("making tables")
        said = await python(
            ["-m", "immich_host.fresh", "migrate", *candidate.names],
            "the tables cannot be made",
            {"IMMICH_HOST_DATABASE_URL": db.url},
        )
        await say("loading")
        await tell(db)
    return json.loads(said.splitlines()[-1])


async def uninstall(
    db: Database, hosting: Hosting, outbox: Outbox | None, name: str, say: Say, *, purge: bool, off: Off
) -> list[str]:
    """Switch a plugin off and take its package out of the environment; its data stay unless `purge`.

    Returns:
        The plugins that are gone: all that the package brought.

    Raises:
        NotFound: There is no such plugin.
        Refused: 409 - its jobs do not end, another installation is under way; 422 - pip failed.
    """
    point = next((one for one in installed() if one.name == name), None)
    if point is None or point.dist is None:
        raise NotFound(f"No plugin {name} is installed")
    names = [one.name for one in installed() if one.dist and one.dist.name == point.dist.name]
    async with _alone(db):
        await say("switching off")
        for each in names:
            await store.wish(db, each, is_enabled=False)
        await off(names)
        await _jobs_ended(db, names)
        for each in names:
            if purge:
                await say("dropping tables")
                await changes.purge(db, hosting, outbox, each)
            else:
                await store.drop_jobs(db, outbox, each)
        await say("uninstalling")
        await pip("uninstall", "--yes", "--quiet", point.dist.name, what=f"{point.dist.name} cannot be uninstalled")
        _check_gone(point)
        await tell(db)
    return names


async def _jobs_ended(db: Database, names: list[str]) -> None:
    """Running jobs finish: the files that they may still import are about to go."""
    await asyncio.sleep(FOLLOWED_WITHIN)  # nothing tells when the processes of other machines have followed
    try:
        async with asyncio.timeout(JOBS_END_WITHIN):
            for name in names:
                while await store.running_jobs(db, name):  # noqa: ASYNC110 (they end in other processes)
                    await asyncio.sleep(0.2)
    except TimeoutError:
        busy = "Its jobs are still running; it is off, try again when they are done"
        raise Refused(changes.CONFLICT, busy) from None


def _check_gone(point: EntryPoint) -> None:
    """Pip leaves what lies outside the environment, and calls that success."""
    if any(one.name == point.name for one in installed()):
        where = point.dist.locate_file("") if point.dist else "another folder"
        raise Refused(FAILED, f"{point.name} is off, but its package is in {where}, outside this environment")


async def tell(db: Database) -> None:
    """Have every process look at what is installed."""
    await db.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{NOTICE}:*")


@asynccontextmanager
async def _alone(db: Database) -> AsyncIterator[None]:
    async with db.try_lock(_LOCK) as held:
        if not held:
            raise Refused(
                changes.CONFLICT, "Another plugin is being installed or uninstalled; try again when that is done"
            )
        yield
