"""`immich-host models` and `infer` as programs."""

import asyncio
import json
import os
import subprocess
import sys

import pytest

from .hub import running_hub
from .tiny import write_clip

NAME = "clip/ViT-T-1__test"


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("IMMICH_HOST_")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "immich_host", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=kept | environment,
    )


@pytest.fixture
async def hub(tmp_path):
    async with running_hub() as running:
        folder = write_clip(tmp_path / "made")
        files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        running.repositories["immich-app/ViT-T-1__test"] = files
        yield running


async def test_a_model_is_downloaded_listed_checked_and_removed(hub, tmp_path):
    folder = str(tmp_path / "models")

    async def models(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(command, "models", *arguments, "--folder", folder)

    done = await models("download", NAME, "--hub", hub.url, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"task": "clip", "model": "ViT-T-1__test", "folder": f"{folder}/{NAME}"}
    listed = json.loads((await models("list", "--json")).stdout)
    (mine,) = [each for each in listed["models"] if each["source"] == "folder"]
    assert (mine["task"], mine["name"], mine["types"]) == ("clip", "ViT-T-1__test", ["textual", "visual"])
    assert f"{NAME}  textual, visual" in (await models("list")).stdout
    assert (await models("check", NAME)).stdout == f"{NAME}  ok\n"
    with (tmp_path / "models" / NAME / "visual" / "model.onnx").open("ab") as damaged:
        damaged.write(b"?")
    wrong = await models("check", NAME, "--json")
    assert wrong.returncode == 1
    assert "visual/model.onnx is not what was downloaded" in json.loads(wrong.stdout)[NAME]
    assert (await models("remove", NAME)).returncode == 0
    again = await models("remove", NAME)
    assert (again.returncode, again.stderr) == (1, f"no model {NAME} was downloaded\n")


async def test_what_cannot_be_downloaded_is_said_in_one_line(tmp_path):
    arguments = ("models", "download", NAME, "--hub", "http://127.0.0.1:1", "--folder", str(tmp_path))
    done = await asyncio.to_thread(command, *arguments)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    listed = await asyncio.to_thread(command, "models", "list", "--folder", str(tmp_path))
    assert f"{NAME}  failed: " in listed.stdout


def test_names_that_are_none_are_said(tmp_path):
    for name in ("clip/", "clip/../../x"):
        done = command("models", "download", name, "--folder", str(tmp_path))
        assert done.returncode == 1
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr


def test_a_service_that_cannot_listen_or_is_told_odd_names_ends_at_once():
    done = command("infer", "--host", "192.0.2.1")
    assert (done.returncode, "cannot listen on 192.0.2.1" in done.stderr) == (1, True)
    assert command("infer", "--preload", "clip").returncode == 2
