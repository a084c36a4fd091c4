"""Models come from the hub whole or not at all, and a download that was cut goes on where it stood."""

import asyncio
import shutil
from types import SimpleNamespace

import pytest

from immich_inference.downloading import download
from immich_inference.errors import DownloadFailed
from immich_inference.hub import Hub
from immich_inference.progress import state_of, states

from .hub import running_hub

NAME = "ViT-T.1__test"
CLEAN = "ViT-T1__test"
FILES = {
    "config.json": b"{}",
    "visual/model.onnx": bytes(range(256)) * 4000,
    "visual/preprocess_cfg.json": b'{"size": 8}',
    "visual/model.armnn": b"for something else",
    "README.md": b"# about",
}
KEPT = {name for name in FILES if not name.endswith((".armnn", ".md"))}


@pytest.fixture
async def hub():
    async with running_hub() as running:
        running.repositories[f"immich-app/{CLEAN}"] = dict(FILES)
        yield running


def brought(folder) -> dict[str, bytes]:
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert b"sha256" in files.pop("download.json")
    return files


async def test_a_model_comes_with_what_belongs_to_it_into_immichs_layout(hub, tmp_path):
    told = []

    async def tell(state):
        told.append(state)

    target = await download(Hub(hub.url), tmp_path, "clip", NAME, tell)
    assert target == tmp_path / "clip" / CLEAN
    assert brought(target) == {name: FILES[name] for name in KEPT}
    total = sum(len(FILES[name]) for name in KEPT)
    assert (told[-1].done, told[-1].total) == (total, total)
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert states(tmp_path) == []
    assert not (tmp_path / ".downloads" / "clip" / CLEAN).exists()


async def test_a_download_that_was_cut_goes_on_where_it_stood(hub, tmp_path):
    hub.cut_after = 1000
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        await download(Hub(hub.url), tmp_path, "clip", NAME)
    assert not (tmp_path / "clip").exists()
    failed = state_of(tmp_path, "clip", NAME)
    assert failed is not None
    assert "cannot be reached" in failed.error
    hub.cut_after = None
    hub.asked.clear()
    target = await download(Hub(hub.url), tmp_path, "clip", NAME)
    assert brought(target) == {name: FILES[name] for name in KEPT}
    resumed = dict(hub.asked)["visual/model.onnx"]
    assert resumed is not None
    assert 0 < int(resumed.removeprefix("bytes=").removesuffix("-")) < len(FILES["visual/model.onnx"])
    assert "config.json" not in dict(hub.asked)


async def test_one_that_is_cancelled_goes_on_too(hub, tmp_path):
    hub.hold = asyncio.Event()
    hub.repositories[f"immich-app/{CLEAN}"] = {"visual/model.onnx": FILES["visual/model.onnx"]}
    task = asyncio.ensure_future(download(Hub(hub.url), tmp_path, "clip", NAME))
    await hub.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    hub.hold.set()
    assert brought(await download(Hub(hub.url), tmp_path, "clip", NAME)).keys() == {"visual/model.onnx"}


async def test_a_hub_without_parts_gives_it_all_again(hub, tmp_path):
    hub.cut_after = 1000
    with pytest.raises(DownloadFailed):
        await download(Hub(hub.url), tmp_path, "clip", NAME)
    hub.cut_after, hub.gives_ranges = None, False
    assert brought(await download(Hub(hub.url), tmp_path, "clip", NAME)) == {name: FILES[name] for name in KEPT}


@pytest.mark.parametrize("damaged", ["visual/model.onnx", "config.json"])
async def test_what_is_not_what_the_hub_says_is_not_taken(hub, tmp_path, damaged):
    hub.damage = {damaged}
    with pytest.raises(DownloadFailed, match="is not what the hub says"):
        await download(Hub(hub.url), tmp_path, "clip", NAME)
    assert not (tmp_path / "clip").exists()
    assert [name for name, _ in hub.asked].count(damaged) == 2
    hub.damage = set()
    assert brought(await download(Hub(hub.url), tmp_path, "clip", NAME)) == {name: FILES[name] for name in KEPT}


async def test_another_commit_is_begun_anew(hub, tmp_path):
    hub.cut_after = 1000
    with pytest.raises(DownloadFailed):
        await download(Hub(hub.url), tmp_path, "clip", NAME)
    newer = {name: content[::-1] for name, content in FILES.items()}
    hub.repositories[f"immich-app/{CLEAN}"], hub.commit, hub.cut_after = newer, "f" * 40, None
    assert brought(await download(Hub(hub.url), tmp_path, "clip", NAME)) == {name: newer[name] for name in KEPT}


async def test_two_at_a_time_bring_it_once(hub, tmp_path):
    both = await asyncio.gather(*[download(Hub(hub.url), tmp_path, "clip", NAME) for _ in range(2)])
    assert both[0] == both[1]
    assert sorted(name for name, _ in hub.asked) == sorted(KEPT)


async def test_a_repository_of_somebody_else_is_named_with_its_owner(hub, tmp_path):
    hub.repositories["ann/captions"] = {"captioning/model.onnx": b"onnx"}
    target = await download(Hub(hub.url), tmp_path, "describe", "ann/captions")
    assert brought(target) == {"captioning/model.onnx": b"onnx"}
    assert target == tmp_path / "describe" / "captions"


@pytest.mark.parametrize(
    ("files", "said"),
    [({"model.bin": b"x"}, "no ONNX files"), ({"../../escaped.onnx": b"x"}, "outside its folder")],
)
async def test_what_is_no_model_is_refused(hub, tmp_path, files, said):
    hub.repositories["ann/odd"] = files
    with pytest.raises(DownloadFailed, match=said):
        await download(Hub(hub.url), tmp_path / "models", "clip", "ann/odd")
    assert not list(tmp_path.rglob("escaped.onnx"))


async def test_the_message_says_what_to_do(hub, tmp_path):
    with pytest.raises(DownloadFailed, match="is its name right"):
        await download(Hub(hub.url), tmp_path, "clip", "unknown")
    with pytest.raises(DownloadFailed, match="no name of a model"):
        await download(Hub(hub.url), tmp_path, "clip", "ViT--B")
    hub.status = 401
    with pytest.raises(DownloadFailed, match="immich-app/ViT"):
        await download(Hub(hub.url), tmp_path, "clip", NAME)
    with pytest.raises(DownloadFailed, match=r"inference\.hub to a mirror"):
        await download(Hub("http://127.0.0.1:1"), tmp_path, "clip", NAME)


async def test_where_nothing_can_be_written_it_says_so_and_it_is_remembered(hub, tmp_path):
    folder = tmp_path / "models"
    folder.write_text("no folder")
    with pytest.raises(DownloadFailed, match="models"):
        await download(Hub(hub.url), folder, "clip", NAME)
    failed = state_of(folder, "clip", NAME)
    assert failed is not None
    assert "models" in failed.error
    assert hub.asked == []
    folder.unlink()
    await download(Hub(hub.url), folder, "clip", NAME)
    assert state_of(folder, "clip", NAME) is None


async def test_what_is_there_already_needs_no_more_room(hub, tmp_path, monkeypatch):
    hub.cut_after = 500_000
    with pytest.raises(DownloadFailed):
        await download(Hub(hub.url), tmp_path, "clip", NAME)
    hub.cut_after = None
    there = sum(each.stat().st_size for each in (tmp_path / ".downloads").rglob("parts/*"))
    assert there > 100_000
    room = sum(len(FILES[name]) for name in KEPT) - there
    for free in (room - 1000, room):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        if free < room:
            with pytest.raises(DownloadFailed, match="MiB more"):
                await download(Hub(hub.url), tmp_path, "clip", NAME)
    assert await download(Hub(hub.url), tmp_path, "clip", NAME)


async def test_no_more_is_taken_than_a_file_has(hub, tmp_path):
    repository = await asyncio.to_thread(Hub(hub.url).look, f"immich-app/{CLEAN}")
    hub.repositories[f"immich-app/{CLEAN}"]["visual/model.onnx"] *= 20
    written = []

    class Known(Hub):
        def look(self, model):  # noqa: ARG002
            return repository

    async def tell(state):
        written.append(state.done)

    with pytest.raises(DownloadFailed, match="is not what the hub says"):
        await download(Known(hub.url), tmp_path, "clip", NAME, tell)
    assert max(written) <= repository.size
