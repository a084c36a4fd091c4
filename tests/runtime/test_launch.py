import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from immich_host.testing.waiting import PATIENCE

LAUNCH = Path(__file__).parents[2] / "immich_host" / "runtime" / "launch.py"

# A parent that starts the launcher, says the program's process id, and waits to be killed. With
# "elsewhere" the launcher thinks that the kernel has no death signal, as on macOS.
PARENT = """
import os, runpy, subprocess, sys
launcher, where = sys.argv[1:]
setup = "import sys; sys.platform = 'darwin'; " if where == "elsewhere" else ""
code = setup + "import runpy; runpy.run_path(sys.argv.pop(1), run_name='__main__')"
code = "import sys; " + code
shell = ["sh", "-c", "echo $$; exec sleep 600"]
launched = [sys.executable, "-I", "-S", "-c", code, launcher, str(os.getpid()), "15", "self", *shell]
sys.exit(subprocess.Popen(launched).wait())
"""


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_the_program_ends_when_its_parent_is_killed(where: str, ends):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(LAUNCH), where], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        program = int(parent.stdout.readline())
        parent.kill()
        assert ends(program)


@pytest.mark.parametrize(("where", "code"), [("here", -signal.SIGTERM), ("elsewhere", 128 + signal.SIGTERM)])
def test_signals_reach_the_program_and_its_end_is_passed_on(where: str, code: int):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(LAUNCH), where], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        program = int(parent.stdout.readline())
        os.kill(program, signal.SIGTERM)
        assert parent.wait(PATIENCE) == code % 256


def test_a_parent_that_is_gone_already_starts_nothing():
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), "1", "15", "self", "echo", "started"],
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout == b""
