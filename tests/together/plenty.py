"""So many of everything that lists answer: an administrator's, by the API where it has a route."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

from immich_host.testing import RunningHost, photo
from immich_host.testing.host import expect

# What is found in files, or happens to jobs; months apart, so that the timeline has as many buckets.
OF_ASSET = (
    """INSERT INTO asset_exif (asset_id, latitude, longitude, city, country, make, model, rating)
       VALUES ($1, $2::int, 2, 'City ' || $2::int, 'Country ' || $2::int, 'Make', 'Model ' || $2::int, 5)
       ON CONFLICT (asset_id) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude,
         city = excluded.city, country = excluded.country, make = excluded.make, model = excluded.model""",
    "UPDATE asset SET local_date_time = local_date_time - make_interval(months => $2::int) WHERE id = $1",
    """INSERT INTO asset_file (asset_id, type, path) SELECT $1::uuid, type, $2::int || type || $1::uuid
       FROM unnest(ARRAY['thumbnail', 'preview']) AS type""",
    """INSERT INTO job_request (job, queue, arguments, unique_key, failed_at, error, attempts)
       SELECT 'thumbnails.generate', 'thumbnailGeneration', jsonb_build_object('asset_id', $1::uuid), $1::uuid::text,
         now(), 'broken', 3 WHERE $2::int >= 0""",
)
OF_FIRST_ASSET = (
    """INSERT INTO asset_ocr (asset_id, x1, y1, x2, y2, x3, y3, x4, y4, box_score, text_score, text)
       VALUES ($1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 'word')""",
    """INSERT INTO job_request (job, queue, arguments, failed_at, error, attempts)
       VALUES ('metadata.extract', 'metadataExtraction', jsonb_build_object('asset_id', $1::uuid), now(), 'bad', 3)""",
)
FACE = """
INSERT INTO asset_face (asset_id, person_id, image_width, image_height, bounding_box_x2, bounding_box_y2)
VALUES ($1, $2, 100, 100, 50, 50)
"""
ALIKE = "UPDATE asset SET duplicate_id = $2 WHERE id = ANY($1::uuid[])"
INVITED = """
INSERT INTO faces_group_request (cluster_group_id, user_id, invited_by)
SELECT mine.cluster_group_id, $2, $1::uuid FROM "user" mine WHERE mine.id = $1
UNION ALL SELECT gen_random_uuid(), $1, $2
"""
JOINED = """
UPDATE "user" SET cluster_group_id = (SELECT cluster_group_id FROM "user" WHERE id = $1) WHERE id = $2
"""
MEMORY = {"type": "on_this_day", "data": {"year": 2024}, "memoryAt": "2024-05-01T00:00:00.000Z"}


@dataclass
class Plenty:
    """An administrator's things. The first asset, album, person, tag have to do with all others."""

    house: RunningHost
    client: httpx.AsyncClient
    me: UUID
    first: dict[str, str] = field(default_factory=dict[str, str])
    """The ids of the first of each kind, for paths and bodies."""

    @classmethod
    async def begin(cls, house: RunningHost) -> "Plenty":
        """Nothing yet but the administrator."""
        made = cls(house, await house.client(), await house.user_id())
        made.first["me"] = str(made.me)
        mine = 'SELECT cluster_group_id FROM "user" WHERE id = $1'
        made.first["group"] = str(await house.kernel.db.fetchval(mine, made.me))
        return made

    async def more(self, number: int) -> None:
        """The `number`th of everything: of assets two that are a stack and two that are alike."""
        assets = [await self._asset(number) for _ in range(2)]
        user, user_id = await self.house.client(f"user{number}"), await self.house.user_id(f"user{number}")
        await self._of_assets(number, assets)
        await self._people(number, assets[0])
        await self._shared(number, assets[0], user, user_id)
        await self._post("/api-keys", {"name": f"Key {number}", "permissions": ["all"]})
        await self._post("/sessions", {"deviceType": f"Phone {number}"})
        await self._post("/admin/notifications", {"title": f"Note {number}", "userId": str(self.me)})
        await self.house.kernel.job_room.outbox.settle()

    async def _asset(self, number: int) -> str:
        asset_id = await self.house.upload(photo.JPEG + uuid4().bytes, name=f"{number}.jpg")
        for sql in OF_ASSET:
            await self.house.kernel.db.execute(sql, asset_id, number)
        self.first.setdefault("asset", str(asset_id))
        return str(asset_id)

    async def _of_assets(self, number: int, assets: list[str]) -> None:
        first, db = self.first["asset"], self.house.kernel.db
        for sql in OF_FIRST_ASSET:
            await db.execute(sql, UUID(first))
        duplicates = [await self._asset(number) for _ in range(2)]
        await db.execute(ALIKE, duplicates, UUID(int=number + 1))
        await self._post("/stacks", {"assetIds": assets}, "stack")
        memory = await self._post("/memories", MEMORY | {"assetIds": assets}, "memory")
        if memory != self.first["memory"]:
            await self._put(f"/memories/{self.first['memory']}/assets", {"ids": assets})
        await self._put(f"/assets/{first}/metadata", {"items": [{"key": f"app-{number}", "value": {}}]})
        tag = (await self._put("/tags", {"tags": [f"Tag/{number}"]}))[0]["id"]
        for tag_id in {tag, self.first.setdefault("tag", tag)}:
            await self._put(f"/tags/{tag_id}/assets", {"ids": [*assets, first]})

    async def _people(self, number: int, asset: str) -> None:
        person = await self._post("/people", {"name": f"Person {number}"}, "person")
        for asset_id, person_id in {(asset, person), (self.first["asset"], person), (asset, self.first["person"])}:
            await self.house.kernel.db.execute(FACE, UUID(asset_id), UUID(person_id))

    async def _shared(self, number: int, asset: str, user: httpx.AsyncClient, user_id: UUID) -> None:
        await self._post("/partners", {"sharedWithId": str(user_id)})
        expect(await user.post("/api/partners", json={"sharedWithId": str(self.me)}), 201)
        await self._put(f"/partners/{user_id}", {"inTimeline": True})
        await self.house.upload(photo.JPEG + uuid4().bytes, user=f"user{number}")
        members = {"albumUsers": [{"userId": str(user_id), "role": "editor"}]}
        assets = [asset, self.first["asset"]]
        album = await self._post("/albums", {"albumName": "Album", "assetIds": assets} | members, "album")
        if album != self.first["album"]:
            await self._put(f"/albums/{self.first['album']}/users", members)
            await self._put(f"/albums/{self.first['album']}/assets", {"ids": [asset]})
        await self._post("/shared-links", {"type": "ALBUM", "albumId": album})
        await self._post("/shared-links", {"type": "INDIVIDUAL", "assetIds": assets})
        await self._post("/activities", {"albumId": self.first["album"], "type": "comment", "comment": "Nice"})
        for sql in (INVITED, JOINED):
            await self.house.kernel.db.execute(sql, self.me, user_id)

    async def _post(self, path: str, body: Any, kind: str = "") -> str:
        made = expect(await self.client.post(f"/api{path}", json=body), 201)
        if kind:
            self.first.setdefault(kind, made["id"])
        return made.get("id", "")

    async def _put(self, path: str, body: Any) -> Any:
        return expect(await self.client.put(f"/api{path}", json=body), 200)
