"""An account with one of everything, and everybody who may ask for it: what the table of rights is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from immich_host.testing import RunningHost
from immich_host.testing.host import expect

NUMBERS = count(1)
BOX = {"imageWidth": 100, "imageHeight": 100, "x": 1, "y": 1, "width": 9, "height": 9}
SESSIONS = ("owner", "stranger", "partner", "viewer", "editor")
SECRET = "open sesame"


@dataclass
class World:
    """Clients by the name of who asks, and ids by the word that stands for them in paths and bodies."""

    house: RunningHost
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict[str, httpx.AsyncClient])
    words: dict[str, str] = field(default_factory=dict[str, str])

    async def photo(self, name: str = "photo.jpg", user: str = "owner", **fields: Any) -> str:
        """No picture, as no job looks at it here."""
        content = f"not much of a photo {next(NUMBERS)}".encode()
        return str(await self.house.upload(content, name=name, user=user, **fields))

    async def people(self) -> None:
        """Sign everybody in, once."""
        for name in SESSIONS:
            self.clients[name] = await self.house.client(name)
            self.words[name] = str(await self.house.user_id(name))
        owner = self.clients["owner"]
        self.clients["anonymous"] = self.house.anonymous()
        self.clients["key"] = await self.house.key_client("all", user="owner")
        expect(await owner.post("/api/auth/pin-code", json={"pinCode": "123456"}), 204)
        expect(await owner.post("/api/partners", json={"sharedWithId": self.words["partner"]}), 201)
        self.clients["elevated"] = await self._elevated()

    async def _elevated(self) -> httpx.AsyncClient:
        """Another session of the owner's, unlocked."""
        child = expect(await self.clients["owner"].post("/api/sessions", json={}), 201)
        client = self.house.anonymous(headers={"Authorization": f"Bearer {child['token']}"})
        expect(await client.post("/api/auth/session/unlock", json={"pinCode": "123456"}), 204)
        return client

    async def things(self) -> None:
        """Make all objects anew; those of before are left."""
        owner, words = self.clients["owner"], self.words
        words["photo"] = await self.photo("photo.jpg", sidecar=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
        for word in ("private", "second", "third", "trashed"):
            words[word] = await self.photo(f"{word}.jpg")
        words["clip"] = await self.photo("clip.mp4")
        words["locked"] = await self.photo("locked.jpg", visibility="locked")
        words["theirs"] = await self.photo("theirs.jpg", user="stranger")
        words["editors"] = await self.photo("editors.jpg", user="editor")
        expect(await owner.request("DELETE", "/api/assets", json={"ids": [words["trashed"]]}), 204)
        words["given"] = "given"
        given = {"items": [{"key": "given", "value": {}}]}
        expect(await owner.put(f"/api/assets/{words['photo']}/metadata", json=given), 200)
        (file,) = expect(await owner.get(f"/api/asset-files?assetId={words['photo']}"), 200)
        words["file"] = file["id"]
        await self._album()
        await self._links()
        await self._organised()
        await self._faces()

    async def _album(self) -> None:
        owner, words = self.clients["owner"], self.words
        members = [{"userId": words[role], "role": role} for role in ("viewer", "editor")]
        shared = [words["photo"], words["clip"]]
        body = {"albumName": "Shared", "albumUsers": members, "assetIds": shared}
        words["album"] = expect(await owner.post("/api/albums", json=body), 201)["id"]
        like = {"albumId": words["album"], "type": "comment", "comment": "fine"}
        words["activity"] = expect(await owner.post("/api/activities", json=like), 201)["id"]

    async def _links(self) -> None:
        words = self.words
        shown = [words["photo"], words["clip"]]
        individual = {"type": "INDIVIDUAL", "assetIds": shown}
        words["link"], self.clients["link"] = await self._link(individual)
        _, self.clients["album_link"] = await self._link({"type": "ALBUM", "albumId": words["album"]})
        _, self.clients["closed_link"] = await self._link(individual | {"password": SECRET})
        _, opened = await self._link(individual | {"password": SECRET})
        expect(await opened.post("/api/shared-links/login", json={"password": SECRET}), 201)
        self.clients["opened_link"] = opened

    async def _link(self, body: Mapping[str, Any]) -> tuple[str, httpx.AsyncClient]:
        made = expect(await self.clients["owner"].post("/api/shared-links", json=body), 201)
        return made["id"], self.house.anonymous(headers={"x-immich-share-key": made["key"]})

    async def _organised(self) -> None:
        owner, words = self.clients["owner"], self.words
        stacked = {"assetIds": [words["second"], words["third"]]}
        words["stack"] = expect(await owner.post("/api/stacks", json=stacked), 201)["id"]
        words["tag"] = expect(await owner.post("/api/tags", json={"name": f"tag {next(NUMBERS)}"}), 201)["id"]
        expect(await owner.put(f"/api/tags/{words['tag']}/assets", json={"ids": [words["photo"]]}), 200)
        memory = {"type": "on_this_day", "data": {"year": 2020}, "memoryAt": "2026-01-01T00:00:00Z"}
        memory |= {"assetIds": [words["photo"]]}
        words["memory"] = expect(await owner.post("/api/memories", json=memory), 201)["id"]
        note = {"userId": words["owner"], "title": "Hello", "type": "Custom"}
        admin = await self.house.client()
        words["notification"] = expect(await admin.post("/api/admin/notifications", json=note), 201)["id"]
        words["api_key"] = expect(
            await owner.post("/api/api-keys", json={"name": "k", "permissions": ["asset.read"]}), 201
        )["id"]
        words["session"] = expect(await owner.post("/api/sessions", json={}), 201)["id"]

    async def _faces(self) -> None:
        owner, words = self.clients["owner"], self.words
        words["person"] = expect(await owner.post("/api/people", json={"name": "Kim"}), 201)["id"]
        words["other_person"] = expect(await owner.post("/api/people", json={"name": "Lou"}), 201)["id"]
        face = {"assetId": words["photo"], "personId": words["person"], **BOX}
        expect(await owner.post("/api/faces", json=face), 201)
        (face,) = expect(await owner.get(f"/api/faces?id={words['photo']}"), 200)
        words["face"] = face["id"]
        me = expect(await owner.get("/api/users/me"), 200)
        words["group"] = me["clusterGroupId"]


def filled(value: Any, words: Mapping[str, str]) -> Any:
    """A path or body with ids in the places of their words."""
    if isinstance(value, dict):
        return {key: filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each, words) for each in value]
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace(f"{{{word}}}", text)
    return value
