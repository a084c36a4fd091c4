import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from immich_host import cli
from immich_host.media.paths import MediaPaths
from immich_host.runtime.child import UNUSABLE
from immich_host.testing import Servers
from immich_host.testing.waiting import PATIENCE


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_HOST_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "immich_host", *arguments],
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
        env=kept | environment,
    )


def test_prints_its_version():
    assert command("--version").stdout.strip() == version("immich-host")


def test_doctor_ends_with_1_when_something_needed_is_missing(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = command("doctor", "--json", "--data", str(tmp_path / "file"), "--port", "0")
    assert done.returncode == 1, done.stderr
    states = {finding["name"]: finding["state"] for finding in json.loads(done.stdout)}
    assert states["data folder"] == "missing"
    assert states["Python"] == "ok"


def test_a_wrong_setting_is_named_in_one_line():
    done = command("work", IMMICH_HOST_WORK_PROCESSES="none")
    assert done.returncode == 1
    assert "IMMICH_HOST_WORK_PROCESSES" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_part_alone_without_servers_says_what_to_do(tmp_path: Path):
    done = command("work", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "IMMICH_HOST_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_media_folder_that_cannot_be_used_is_said_in_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(cli._expected(), match="the media folder cannot be used"):
        MediaPaths(tmp_path / "file").prepare()


@pytest.mark.parametrize(
    ("setting", "content", "said"),
    [
        ("CONFIG_FILE", "{x", "cannot be read"),
        ("CONFIG_FILE", '{"trash": {"days": "many"}}', "is not valid: trash.days"),
        ("MEDIA_LOCATION", "no folder", "the media folder cannot be used"),
    ],
)
async def test_settings_that_cannot_work_end_the_process_for_good(
    servers: Servers, tmp_path: Path, setting: str, content: str, said: str
):
    (tmp_path / "file").write_text(content)
    given = {"DATABASE_URL": await servers.fresh_database(), "REDIS_URL": servers.redis_url}
    environment = given | {"DATA": str(tmp_path / "data"), setting: str(tmp_path / "file")}
    done = command("work", **{f"IMMICH_HOST_{name}": value for name, value in environment.items()})
    assert (done.returncode, "Traceback" in done.stderr) == (UNUSABLE, False)
    assert said in done.stderr


@pytest.mark.parametrize(("module", "code"), [("typer", -signal.SIGINT), ("pydantic", 128 + signal.SIGINT)])
def test_ctrl_c_while_code_is_loaded_says_nothing(tmp_path: Path, module: str, code: int):
    (tmp_path / f"{module}.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = command("serve", PYTHONPATH=f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert (done.returncode, done.stdout) == (code, "")
    assert "Traceback" not in done.stderr


def test_starting_the_command_imports_nothing_heavy():
    code = "import sys, immich_host.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "quart", "piccolo", "asyncpg", "PIL", "numpy"} & set(loaded)


def test_the_supervisor_stays_small():
    code = "import sys, immich_host.runtime.supervisor, immich_host.runtime.postgres; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pydantic", "typer", "rich", "quart", "piccolo", "structlog"} & set(loaded)
