"""The app's side of the sync protocol."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

ALL = (
    "AuthUsersV1", "UsersV1", "AssetsV2", "AssetExifsV1", "AssetEditsV1", "AssetMetadataV1", "PartnersV1",
    "PartnerAssetsV2", "PartnerAssetExifsV1", "AlbumsV2", "AlbumUsersV1", "AlbumAssetsV2", "AlbumAssetExifsV1",
    "AlbumToAssetsV1", "MemoriesV1", "MemoryToAssetsV1", "StacksV1", "PartnerStacksV1", "UserMetadataV1", "PeopleV1",
    "AssetFacesV2", "AssetOcrV1",
)  # fmt: skip
"""What the app asks for."""


class Syncing:
    """One session's client."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def stream(self, *types: str, reset: bool | None = None) -> list[dict[str, Any]]:
        """The lines of one answer."""
        body: dict[str, Any] = {"types": types or ALL}
        if reset is not None:
            body["reset"] = reset
        answer = await self.http.post("/api/sync/stream", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/jsonlines+json"
        assert answer.content.endswith(b"\n")
        return [json.loads(line) for line in answer.content.splitlines()]

    async def ack(self, lines: Sequence[dict[str, Any]]) -> None:
        """Confirm as the app does: the last line of each run of equal types."""
        last = [
            one
            for one, following in zip(lines, [*lines[1:], {"type": ""}], strict=True)
            if one["type"] != following["type"]
        ]
        expect(await self.http.post("/api/sync/ack", json={"acks": [one["ack"] for one in last]}), 204)

    async def fresh(self, *types: str) -> list[tuple[str, dict[str, Any]]]:
        """What is new since the last call, by type; confirmed."""
        lines = await self.stream(*types)
        await self.ack(lines)
        assert lines[-1]["type"] == "SyncCompleteV1"
        return [(one["type"], one["data"]) for one in lines[:-1]]


@pytest.fixture
async def running(host: Any) -> RunningHost:
    return await host(plugins=[])


@pytest.fixture
async def app(running: RunningHost) -> Syncing:
    return Syncing(await running.client())
