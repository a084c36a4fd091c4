"""Models that a plugin knows an address of come from there, and never with the hub's token."""

import hashlib

import pytest

from immich_inference.api import Download, FileElsewhere
from immich_inference.downloading import download
from immich_inference.elsewhere import Elsewhere, source_of
from immich_inference.errors import DownloadFailed
from immich_inference.hub import Hub
from immich_inference.registry import Registry

from .hub import running_hub

FILES = {"detection/model.onnx": bytes(range(256)) * 400, "recognition/model.onnx": b"small"}


@pytest.fixture
async def site():
    async with running_hub() as running:
        running.repositories["some/place"] = dict(FILES)
        yield running


def listed(url: str) -> Download:
    files = {
        name: FileElsewhere(f"{url}/some/place/resolve/main/{name}", hashlib.sha256(content).hexdigest())
        for name, content in FILES.items()
    }
    return Download("ocr", "PP-Test_mobile", files)


async def test_its_files_come_into_immichs_layout(site, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    source = Elsewhere(listed(site.url))
    assert "authorization" in Hub(site.url).headers
    assert source.headers == {}
    target = await download(source, tmp_path, "ocr", "PP-Test_mobile")
    assert target == tmp_path / "ocr" / "PP-Test_mobile"
    assert {name: (target / name).read_bytes() for name in FILES} == FILES


async def test_one_that_was_cut_goes_on(site, tmp_path):
    source = Elsewhere(listed(site.url))
    site.cut_after = 1000
    with pytest.raises(DownloadFailed, match="cannot be reached"):
        await download(source, tmp_path, "ocr", "PP-Test_mobile")
    site.cut_after = None
    site.asked.clear()
    target = await download(source, tmp_path, "ocr", "PP-Test_mobile")
    assert {name: (target / name).read_bytes() for name in FILES} == FILES
    assert any(wanted for _, wanted in site.asked)


async def test_what_is_not_as_it_was_listed_is_refused(site, tmp_path):
    site.damage = {"detection/model.onnx"}
    with pytest.raises(DownloadFailed, match=r"detection/model\.onnx is not what"):
        await download(Elsewhere(listed(site.url)), tmp_path, "ocr", "PP-Test_mobile")
    assert not (tmp_path / "ocr").exists()


@pytest.mark.parametrize("status", [404, 500])
async def test_what_is_not_there_says_so(site, tmp_path, status):
    site.status = status
    with pytest.raises(DownloadFailed, match=f"cannot be reached.*{status}"):
        await download(Elsewhere(listed(site.url)), tmp_path, "ocr", "PP-Test_mobile")


def test_all_other_models_are_on_the_hub(tmp_path):
    hub, model = Hub(), listed("http://host.test")
    registry = Registry(lambda hook: {"ocr": [model]} if hook == "inference_downloads" else {}, lambda: tmp_path)
    assert source_of(registry, hub, "ocr", "PP-Test_mobile") == Elsewhere(model)
    assert source_of(registry, hub, "ocr", "PP-Test_server") is hub
    assert source_of(registry, hub, "clip", "PP-Test_mobile") is hub
