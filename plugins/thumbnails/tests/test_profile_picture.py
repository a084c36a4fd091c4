"""Profile pictures become as small as thumbnails."""

import io

import pytest
import pytest_asyncio
from PIL import Image

from immich_host.testing.host import expect

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def running(host):
    return await host(plugins=["thumbnails"])


def saved(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF", "TIFF"])
async def test_every_format_becomes_a_small_webp(running, photo, kind):
    if kind == "HEIF":
        pillow_heif = pytest.importorskip("pillow_heif")
        pillow_heif.register_heif_opener()
    client = await running.client()
    sent = {"file": ("me.bin", saved(photo(1200, 900), kind))}
    answer = expect(await client.post("/api/users/profile-image", files=sent), 201)
    shown = await client.get(f"/api/users/{answer['userId']}/profile-image")
    image = Image.open(io.BytesIO(shown.content))
    assert (image.format, image.size, shown.headers["content-type"]) == ("WEBP", (333, 250), "image/webp")


async def test_a_gif_stays_as_it_is(running, photo):
    client = await running.client()
    content = saved(photo(300, 200), "GIF")
    answer = expect(await client.post("/api/users/profile-image", files={"file": ("me.gif", content)}), 201)
    assert (await client.get(f"/api/users/{answer['userId']}/profile-image")).content == content


async def test_a_damaged_picture_is_refused_and_leaves_nothing(running, photo):
    client = await running.client()
    cut = saved(photo(1200, 900), "PNG")[:2000]
    answer = await client.post("/api/users/profile-image", files={"file": ("me.png", cut)})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("The profile image cannot be used: ")
    folder = running.kernel.files.media_root / "profile"
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [".immich"]
    assert expect(await client.get("/api/users/me"), 200)["profileImagePath"] == ""
