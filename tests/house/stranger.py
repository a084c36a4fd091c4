"""An environment of its own, in which a plugin is installed as a stranger's would be."""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.house.sources import ROOT


@dataclass(frozen=True)
class Environment:
    """A virtual environment that sees the packages of the one that runs the tests."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    def variables(self) -> dict[str, str]:
        """The environment variables of a person who has activated it."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "IMMICH_HOST_"))}
        path = f"{self.folder / 'bin'}{os.pathsep}{kept.get('PATH', '')}"
        # nothing is fetched: what a plugin needs is there, and so is what builds it
        kept |= {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INPUT": "1"}
        return kept | {"PATH": path}

    def start(self, *command: str, cwd: Path, output: Path) -> "subprocess.Popen[bytes]":
        """Begin to run a command; what it says goes to a file."""
        with output.open("wb") as file:
            return subprocess.Popen(command, cwd=cwd, env=self.variables(), stdout=file, stderr=subprocess.STDOUT)

    def run(self, *command: str, cwd: Path | None = None, succeeds: bool = True) -> str:
        """Run a command to its end; returns what it said. It has to succeed, unless it must not."""
        ended = subprocess.run(
            command, cwd=cwd, env=self.variables(), capture_output=True, text=True, check=False, timeout=500
        )
        assert (ended.returncode == 0) is succeeds, ended.stdout[-6000:] + ended.stderr[-3000:]
        return ended.stdout + ended.stderr

    def install(self, project: Path) -> None:
        """`pip install` of a folder, with nothing fetched."""
        self.run(self.python, "-m", "pip", "install", "-q", str(project))


def environment(folder: Path) -> Environment:
    """Make one; it takes no time, as nothing is copied."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    seen = sysconfig.get_path("purelib")
    own = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    # this repository's own host goes first; then all that is installed here, with its editable packages
    lines = [str(ROOT), f"import site; site.addsitedir({seen!r})"]
    (Path(own) / "seen.pth").write_text("\n".join(lines) + "\n")
    for name, module in (("pip", "pip"), ("immich-host", "immich_host")):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{folder / "bin" / "python"}" -m {module} "$@"\n')
        script.chmod(0o755)
    return Environment(folder)
