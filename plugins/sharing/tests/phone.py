"""The mobile app as far as sharing is concerned: its copy of a library, brought up to date by the sync stream."""

import json
from collections.abc import Sequence
from typing import Any

import httpx

from immich_host.testing.host import expect
from tests.clients.phone_copy import SCHEMAS, Copy
from tests.clients.phone_schemas import faults

ASKED = (
    "AuthUsersV1", "UsersV1", "AssetsV2", "AssetExifsV1", "PartnersV1", "PartnerAssetsV2", "PartnerAssetExifsV1",
    "StacksV1", "PartnerStacksV1",
)  # fmt: skip

_USUAL = frozenset({"AuthUserV1", "UserV1", "SyncCompleteV1"})

type Line = dict[str, Any]


class Phone:
    """One session and its copy."""

    def __init__(self, user: Any, http: httpx.AsyncClient) -> None:
        self.me = str(user.id)
        self.http = http
        self.copy = Copy()

    async def sync(self, *, first: int | None = None) -> list[str]:
        """Ask for what is new, take it over and confirm the last line of each run; the types of these runs.

        Accounts come again with each upload, and are not told of. With `first` the connection breaks after so many
        lines.
        """
        answer = await self.http.post("/api/sync/stream", json={"types": ASKED})
        assert answer.status_code == 200, answer.text
        lines = [json.loads(line) for line in answer.content.splitlines()]
        assert lines[-1]["type"] == "SyncCompleteV1"
        for line in lines[:first]:
            assert faults(SCHEMAS[line["type"]], line["data"]) == []
            self.copy.apply(line["type"], [line["data"]])
        last = _last_of_runs(lines[:first])
        expect(await self.http.post("/api/sync/ack", json={"acks": [line["ack"] for line in last]}), 204)
        return [line["type"] for line in last if line["type"] not in _USUAL]

    def held(self, table: str, *key: str) -> dict[Any, Line]:
        """Key -> row of a table. Stacks of those who share no more stay in the app, and are not told of."""
        shares = {row["sharedById"] for row in self.copy.rows("partner")} | {self.me}
        rows = [row for row in self.copy.rows(table) if table != "stack" or row["ownerId"] in shares]
        return {row[key[0]] if len(key) == 1 else tuple(row[name] for name in key): row for row in rows}

    @property
    def assets(self) -> dict[str, Line]:
        """Its assets by id."""
        return self.held("asset", "id")


def _last_of_runs(lines: Sequence[Line]) -> list[Line]:
    following = [*(line["type"] for line in lines[1:]), None]
    return [line for line, after in zip(lines, following, strict=True) if line["type"] != after]
