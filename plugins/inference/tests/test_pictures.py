"""A picture is decoded once for all that want it at about the same time."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from skimage import data

from immich_host.testing.waiting import PATIENCE
from immich_inference import pictures
from immich_inference.errors import BadInput
from immich_inference.pictures import Pictures

from .encoding import encoded


@pytest.fixture
async def decoding():
    with ThreadPoolExecutor(2) as executor:
        made = Pictures(executor)
        yield made
        made.clear()


async def test_calls_at_once_and_soon_after_share_one_decoding(decoding, tmp_path):
    file = tmp_path / "cat.png"
    file.write_bytes(encoded(data.chelsea()))
    first, *others = await asyncio.gather(*[decoding.get(file) for _ in range(5)])
    assert all(each is first for each in others)
    assert await decoding.get(file) is first
    assert decoding.decoded == 1
    assert np.array_equal(np.asarray(first.image), data.chelsea())


async def test_a_file_that_has_changed_is_decoded_anew(decoding, tmp_path):
    file = tmp_path / "picture.png"
    file.write_bytes(encoded(data.chelsea()))
    await decoding.get(file)
    fresh = tmp_path / "fresh.png"
    fresh.write_bytes(encoded(data.coffee()))
    fresh.replace(file)
    assert np.array_equal(np.asarray((await decoding.get(file)).image), data.coffee())


async def test_what_is_kept_is_bounded(decoding, monkeypatch):
    monkeypatch.setattr(pictures, "CACHE_BYTES", 3 * 100 * 100)
    contents = [encoded(np.full((100, 100, 3), shade, np.uint8)) for shade in range(3)]
    for content in contents:
        await decoding.get(content)
    await decoding.get(contents[2])
    assert decoding.decoded == 3
    await decoding.get(contents[0])
    assert decoding.decoded == 4


async def test_nothing_is_kept_for_long(decoding, monkeypatch):
    monkeypatch.setattr(pictures, "CACHE_SECONDS", 0.0)
    content = encoded(data.chelsea())
    first = await decoding.get(content)
    await asyncio.sleep(0.01)  # the timer is due
    assert await decoding.get(content) is not first


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
async def test_every_mode_becomes_colours(decoding, tmp_path, mode):
    file = tmp_path / "picture.tiff"
    deep = mode == "I;16"
    (Image.new(mode, (5, 4), 51400) if deep else Image.new("L", (5, 4), 200).convert(mode)).save(file)
    found = (await decoding.get(file)).image
    assert (found.mode, found.size) == ("RGB", (5, 4))
    assert max(found.getpixel((2, 2))) > 150


async def test_what_cannot_be_decoded_is_bad_input_and_not_kept(decoding, monkeypatch):
    cut = encoded(data.coffee(), "JPEG")[:3000]
    with pytest.raises(BadInput, match="cannot be read"):
        await decoding.get(cut)
    monkeypatch.setattr(pictures, "PIXEL_LIMIT", 100)
    with pytest.raises(BadInput, match="more than 100 pixels"):
        await decoding.get(encoded(data.coffee()))


async def test_one_who_leaves_does_not_end_the_decoding_of_others(decoding, monkeypatch):
    begun, go, decode = threading.Event(), threading.Event(), pictures.decode

    def held(source):
        begun.set()
        assert go.wait(PATIENCE)
        return decode(source)

    monkeypatch.setattr(pictures, "decode", held)
    content = encoded(data.coffee())
    leaving, staying = (asyncio.ensure_future(decoding.get(content)) for _ in range(2))
    await asyncio.to_thread(begun.wait, PATIENCE)
    leaving.cancel()
    go.set()
    assert (await staying).image.size == data.coffee().shape[1::-1]
    assert decoding.decoded == 1
