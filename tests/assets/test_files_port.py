"""Files that a plugin's own route sends."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from immich_host.plugin_api import NotFound
from immich_host.testing.fixtures import MakeHost


async def test_a_file_is_sent_with_its_type_in_parts_and_not_again(host: MakeHost, tmp_path: Path) -> None:
    files = (await host(plugins=[])).kernel.files
    picture = tmp_path / "ann.jpeg"
    picture.write_bytes(b"\xff\xd8" + b"0" * 98)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await files.send(picture, scope, receive, send, is_kept=scope["path"] != "/asked")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host.test") as client:
        whole = await client.get("/kept")
        assert (whole.status_code, whole.headers["content-type"], whole.content) == (
            200, "image/jpeg", picture.read_bytes(),
        )  # fmt: skip
        assert "max-age" in whole.headers["cache-control"]
        assert "no-cache" in (await client.get("/asked")).headers["cache-control"]
        part = await client.get("/kept", headers={"range": "bytes=0-1"})
        assert (part.status_code, part.content) == (206, b"\xff\xd8")
        assert (await client.get("/kept", headers={"if-none-match": whole.headers["etag"]})).status_code == 304
        picture.with_suffix(".new").write_bytes(b"\xff\xd8 of another day")
        picture.with_suffix(".new").replace(picture)
        assert (await client.get("/kept", headers={"if-none-match": whole.headers["etag"]})).status_code == 200
        picture.unlink()
        with pytest.raises(NotFound):
            await client.get("/kept")


async def test_what_killed_jobs_wrote_goes_when_nobody_needs_it_or_with_its_asset(host: MakeHost) -> None:
    running = await host(plugins=[])
    files, assets = running.kernel.files, running.kernel.assets
    one, other = [await running.upload(content) for content in (b"1", b"2")]
    await running.drain()
    owner = (await assets.get(one)).owner_id
    named, stray, neighbours = [
        files.derived_path("thumbs", owner, name)
        for name in (f"{one}_preview.jpeg", f"{one}_thumbnail.webp", f"{other}_preview.jpeg")
    ]
    half, video = stray.with_name(f".{stray.stem}.0123.webp"), files.derived_path("encoded-video", owner, f"{one}.mp4")
    everything = [named, stray, half, video, neighbours]

    def left() -> list[Path]:
        return [path for path in everything if path.exists()]

    for path in everything:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    await files.register(one, "preview", named)
    await files.remove_unnamed("thumbs", one)
    assert left() == [named, video, neighbours]
    stray.touch()
    half.touch()
    await assets.erase([one])
    await running.drain()
    assert left() == [neighbours]


async def test_an_original_among_derived_files_stays(host: MakeHost) -> None:
    running = await host(plugins=[])
    files, assets = running.kernel.files, running.kernel.assets
    asset_id = await running.upload(b"1")
    await running.drain()
    target = files.derived_path("encoded-video", (await assets.get(asset_id)).owner_id, f"{asset_id}-MP.mp4")
    target.parent.mkdir(parents=True)
    (await assets.get(asset_id)).path.rename(target)
    await assets.update(asset_id, original_path=target.relative_to(files.media_root).as_posix())
    await files.remove_unnamed("encoded-video", asset_id)
    assert target.exists()
