"""Immich's own clients from npm, installed once into the user's cache, with a Node that runs them."""

import asyncio
import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from immich_host.testing.waiting import PATIENCE

PACKAGES = {"@immich/cli": "3.2.2", "@immich/sdk": "3.2.2", "socket.io-client": "4.8.4"}
NODE = "26.10.0"
OLDEST_NODE = 22

# npm's codes for "I could not talk to the registry"; all others are faults, which have to show
UNREACHABLE = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED)\b"
)


class Unavailable(RuntimeError):
    """npm is missing, or its registry cannot be reached."""


@dataclass(frozen=True)
class Ran:
    """What a program has said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The JSON object that stands between the lines for people."""
        return json.JSONDecoder().raw_decode(self.out, self.out.index("{\n"))[0]


@dataclass(frozen=True)
class Clients:
    """A folder with `node_modules`, and the Node program for it."""

    folder: Path
    node: Path

    async def cli(self, *arguments: object, environment: Mapping[str, str] | None = None) -> Ran:
        """Run the `immich` command."""
        script = self.folder / "node_modules/@immich/cli/bin/immich"
        return await self.run(script, *arguments, environment=environment)

    async def run(self, script: Path, *arguments: object, environment: Mapping[str, str] | None = None) -> Ran:
        """Run a script; its bare imports are found in a `node_modules` beside it."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_")}
        process = await asyncio.create_subprocess_exec(
            self.node,
            script,
            *map(str, arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=inherited | {"NO_COLOR": "1"} | dict(environment or {}),
        )
        try:
            async with asyncio.timeout(3 * PATIENCE):
                out, err = await process.communicate()
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return Ran(process.returncode or 0, out.decode(), err.decode())


def install() -> Clients:
    """The pinned packages, from the cache or else from npm's registry."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is not installed")
    own_node = _own_node()
    wanted = PACKAGES if own_node else PACKAGES | {_node_package(): NODE}
    folder = _cache() / "immich-host" / "clients"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:  # two runs at once: the second finds the packages there
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(npm, folder, wanted)
    return Clients(folder, own_node or folder / "node_modules" / _node_package() / "bin" / "node")


def _install(npm: str, folder: Path, wanted: Mapping[str, str]) -> None:
    stamp = folder / "installed"
    text = json.dumps({"private": True, "dependencies": wanted})
    if stamp.exists() and stamp.read_text() == text:
        return
    stamp.unlink(missing_ok=True)
    (folder / "package.json").write_text(text)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    done = subprocess.run(
        [*command, "--fetch-retries=1", "--fetch-timeout=30000"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and (reason := UNREACHABLE.search(done.stderr)):
        raise Unavailable(f"npm cannot reach its registry ({reason[1]})")
    if done.returncode:
        raise RuntimeError(f"npm could not install Immich's clients: {done.stderr}")
    stamp.write_text(text)


def _own_node() -> Path | None:
    """The machine's Node, where it is new enough."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    return Path(found) if int(said.strip().lstrip("v").split(".")[0]) >= OLDEST_NODE else None


def _node_package() -> str:
    """What the package `node` fetches for this machine by an install script, which npm is told not to run."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}
    kind = machine.get(platform.machine().lower(), platform.machine().lower())
    return f"{'node-bin' if (sys.platform, kind) == ('darwin', 'arm64') else 'node'}-{sys.platform}-{kind}"


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
