"""Running pip, and what lies in a wheel; the environment that it changes is that of this process."""

import asyncio
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import PathDistribution, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zipfile import BadZipFile
from zipfile import Path as ZipPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from immich_host.hosting.discovery import GROUP
from immich_host.plugin_api.errors import Refused

FAILED: Final = 422
PATIENCE: Final = 900.0
_QUIET: Final = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_NO_COLOR": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PYTHONDONTWRITEBYTECODE": "1",
}


class Failed(Refused):
    """A program that was asked to do something could not; the message is the end of what it said."""

    def __init__(self, what: str, said: str) -> None:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(("ERROR", "error"))] or lines[-3:]
        super().__init__(FAILED, f"{what}: {' '.join(errors)[-1500:]}")


async def python(arguments: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> str:
    """Run this interpreter to its end; returns what it printed.

    Raises:
        Failed: It ended otherwise than well, or not in time.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **_QUIET, **(environment or {})},
    )
    try:
        async with asyncio.timeout(PATIENCE):
            said, complained = await process.communicate()
    except TimeoutError:
        raise Failed(what, f"not done within {PATIENCE:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Failed(what, complained.decode(errors="replace") or said.decode(errors="replace"))
    return said.decode(errors="replace")


async def pip(*arguments: str, what: str) -> str:
    """Run pip in this environment.

    Raises:
        Failed: It failed, or there is no pip.
    """
    if find_spec("pip") is None:
        raise Failed(what, f"there is no pip in this environment; make it with {sys.executable} -m ensurepip")
    return await python(["-m", "pip", *arguments], what)


def requirement(source: str) -> str:
    """What pip is given for a source: the path of a wheel or folder that is there, or a package's name.

    Raises:
        Refused: 400 - it is neither.
    """
    path = Path(source).expanduser()
    if source and ((path.suffix == ".whl" and path.is_file()) or (path / "pyproject.toml").is_file()):
        return str(path.resolve())
    try:
        wanted = Requirement(source)
    except InvalidRequirement:
        wanted = None
    if wanted is None or wanted.url is not None or "/" in source:
        raise Refused(400, f"{source!r} is no package name, no wheel and no folder with a pyproject.toml")
    return source


def builds_here(source: str) -> bool:
    """Whether all that a folder needs to be built is installed, so that nothing has to be fetched for it."""
    file = Path(source) / "pyproject.toml"
    if not file.is_file():
        return False
    needed = tomllib.loads(file.read_text(encoding="utf-8")).get("build-system", {}).get("requires", [])
    there = {canonicalize_name(one.name) for one in distributions()}
    return all(canonicalize_name(Requirement(text).name) in there for text in needed)


def plugins_in(wheel: Path) -> dict[str, str]:
    """The plugins that a wheel brings, name -> import package.

    Raises:
        Refused: 422 - it is no wheel, or brings none.
    """
    try:
        infos = [entry for entry in ZipPath(wheel).iterdir() if entry.name.endswith(".dist-info")]
    except (BadZipFile, OSError) as error:
        raise Refused(FAILED, f"{wheel.name} cannot be read: {error}") from error
    points = PathDistribution(infos[0]).entry_points if infos else ()  # type: ignore[arg-type] - it has what is used
    found = {point.name: point.value for point in points if point.group == GROUP}
    if not found:
        raise Refused(FAILED, f"{wheel.name} brings no plugin: it has no entry point of {GROUP}")
    return found


def pins(without: str) -> str:
    """Constraints that keep every installed package as it is, but one: processes that run have imported them."""
    kept = {canonicalize_name(one.name): one.version for one in distributions() if one.name}
    return "".join(f"{name}=={version}\n" for name, version in kept.items() if name != canonicalize_name(without))
