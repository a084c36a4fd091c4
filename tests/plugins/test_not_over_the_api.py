"""Where the operator does not want it, nobody installs plugins over the API."""

import pytest

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/admin/plugins"), ("POST", "/admin/plugins/try"), ("DELETE", "/admin/plugins/sidecar")],
)
async def test_it_is_refused(host: MakeHost, monkeypatch: pytest.MonkeyPatch, method: str, path: str) -> None:
    monkeypatch.setenv("IMMICH_HOST_INSTALL_OVER_API", "false")
    running = await host(plugins=["sidecar"])
    client = await running.client()
    body = {"json": {"source": "immich-host-webhooks"}} if method == "POST" else {}
    refused = expect(await client.request(method, f"/api{path}", **body), 403)
    assert "IMMICH_HOST_INSTALL_OVER_API" in refused["message"]
    assert running.kernel.is_enabled("sidecar")
