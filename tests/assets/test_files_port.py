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
