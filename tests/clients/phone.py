"""The mobile app, as the server sees it: cookies, its user agent, chunked uploads, its copy, its socket."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from hashlib import sha1
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.clients.people import PASSWORD, Listener
from tests.clients.phone_copy import SCHEMAS, Copy
from tests.clients.phone_schemas import faults

CHUNK = 1000
TAKEN = "2023-06-07T08:09:10.123456+00:00"

REQUESTS = (
    *("AuthUsersV1", "UsersV1", "AssetsV2", "AssetExifsV1", "AssetEditsV1", "AssetMetadataV1", "PartnersV1"),
    *("PartnerAssetsV2", "PartnerAssetExifsV1", "AlbumsV2", "AlbumUsersV1", "AlbumAssetsV2", "AlbumAssetExifsV1"),
    *("AlbumToAssetsV1", "MemoriesV1", "MemoryToAssetsV1", "StacksV1", "PartnerStacksV1", "UserMetadataV1"),
    *("PeopleV1", "AssetFacesV2", "AssetOcrV1"),
)
"""What the app asks for, in its order."""

RUN = 5000
"""Lines that the app takes over at a time."""


class Line(NamedTuple):
    """A line of the sync stream."""

    type: str
    data: dict[str, Any]
    ack: str

    @classmethod
    def read(cls, text: str) -> "Line":
        """Take a line apart, and hold it against the schema of its type.

        Raises:
            AssertionError: It is not as the app expects it.
        """
        line = cls(**json.loads(text))
        kind, _, rest = line.ack.partition("|")
        assert kind == line.type or line.type == "SyncAckV1", f"{line.type} is confirmed by {line.ack}"
        assert line.type == "SyncResetV1" or UUID(rest.partition("|")[0]).version == 7, line.ack
        found = faults(SCHEMAS[line.type], line.data) if line.type in SCHEMAS else []
        assert found == [], f"{line.type}: {found}"
        return line


class Phone:
    """The app on one phone; `http` keeps the cookies of its login, `copy` what it has of the library."""

    def __init__(self, url: str) -> None:
        agent = {"User-Agent": "immich-android/3.2.0", "devicemodel": "Pixel 9", "devicetype": "Android"}
        self.http = httpx.AsyncClient(base_url=url, headers=agent, timeout=PATIENCE)
        self.copy = Copy()
        self._url = url
        self._sockets: list[Listener] = []

    async def start(self, email: str) -> dict[str, Any]:
        """Everything that the app asks before its first upload; the account."""
        known = expect(await self.http.get("/.well-known/immich"), 200)
        self.http.base_url = self.http.base_url.join(known["api"]["endpoint"])
        assert expect(await self.http.get("server/ping"), 200) == {"res": "pong"}
        version = expect(await self.http.get("server/version"), 200)
        assert (version["major"], version["minor"], version["patch"]) == (3, 2, 2)
        assert expect(await self.http.get("server/config"), 200)["isInitialized"] is True
        assert expect(await self.http.get("server/features"), 200)["passwordLogin"] is True
        login = {"email": email.upper(), "password": PASSWORD}  # a phone's keyboard begins with a capital
        answer = await self.http.post("auth/login", json=login)
        expect(answer, 201)
        assert set(answer.cookies) == {"immich_access_token", "immich_auth_type", "immich_is_authenticated"}
        account = expect(await self.http.get("users/me"), 200)
        preferences = expect(await self.http.get("users/me/preferences"), 200)
        assert preferences["memories"]["enabled"] is True
        return account

    @property
    def cookie(self) -> str:
        """The header by which its socket signs in."""
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    async def upload(self, name: str, data: bytes, **fields: str) -> httpx.Response:
        """Upload in chunks of unknown number, with the fields that the app sends."""
        form = {"deviceAssetId": uuid4().hex, "deviceId": "phone", "isFavorite": "false", "duration": "0"}
        form |= {"fileCreatedAt": TAKEN, "fileModifiedAt": TAKEN} | fields
        boundary = uuid4().hex
        body = multipart(boundary, form, name, data)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        answer = await self.http.post("assets", content=_chunks(body), headers=headers)
        assert "content-length" not in answer.request.headers
        return answer

    async def listen(self) -> Listener:
        """Connect its socket, which signs in by cookies as the app's does."""
        headers = {"Cookie": self.cookie, "User-Agent": self.http.headers["User-Agent"]}
        self._sockets.append(await Listener.connect(self._url, headers))
        return self._sockets[-1]

    async def sync(self, *types: str, reset: bool | None = None) -> list[Line]:
        """Bring the copy up to date; the lines that came, without the last, which says that it is.

        Lines are taken over while they come, a run of one type at a time, and the last of each run is confirmed.
        Where the server says so, everything is forgotten and asked for anew.
        """
        body: dict[str, Any] = {"types": types or REQUESTS}
        if reset is not None:
            body["reset"] = reset
        lines: list[Line] = []
        async with self.http.stream("POST", "sync/stream", json=body) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"] == "application/jsonlines+json"
            run: list[Line] = []
            async for text in answer.aiter_lines():
                line = Line.read(text)
                if run and (run[-1].type != line.type or len(run) == RUN):
                    await self._take(run)
                    run = []
                run.append(line)
                lines.append(line)
        if lines[-1].type == "SyncResetV1":
            assert len(lines) == 1, "nothing comes beside it"
            self.copy.forget()
            await self._confirm(lines[-1])
            return await self.sync(*types)
        assert lines[-1].type == "SyncCompleteV1", lines[-1]
        await self._take(run)
        assert self.copy.ignored == []
        return lines[:-1]

    async def _take(self, run: Sequence[Line]) -> None:
        self.copy.apply(run[0].type, [line.data for line in run])
        await self._confirm(run[-1])

    async def _confirm(self, line: Line) -> None:
        expect(await self.http.post("sync/ack", json={"acks": [line.ack]}), 204)

    def hear(self, ready: dict[str, Any]) -> None:
        """Take over what the socket said of an upload (`AssetUploadReadyV2`); nothing is confirmed."""
        for kind, name in (("AssetV2", "asset"), ("AssetExifV1", "exif")):
            assert faults(SCHEMAS[kind], ready[name]) == []
            self.copy.apply(kind, [ready[name]])

    async def close(self) -> None:
        """Close everything."""
        for listener in self._sockets:
            await listener.socket.disconnect()
        await self.http.aclose()
        self.copy.close()

    async def get(self, path: str, **query: str) -> Any:
        """The JSON of a path below /api."""
        return expect(await self.http.get(path, params=query), 200)


def multipart(boundary: str, fields: dict[str, str], name: str, data: bytes) -> bytes:
    """A body whose file part carries its name as it is given here."""
    said = "content-disposition: form-data; name"
    parts = [f'--{boundary}\r\n{said}="{key}"\r\n\r\n{value}\r\n' for key, value in fields.items()]
    file = f'--{boundary}\r\n{said}="assetData"; filename="{name}"\r\ncontent-type: application/octet-stream\r\n\r\n'
    return "".join([*parts, file]).encode() + data + f"\r\n--{boundary}--\r\n".encode()


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield body[start : start + CHUNK]


def checksum(data: bytes) -> str:
    """SHA-1 as the API writes it."""
    return b64encode(sha1(data, usedforsecurity=False).digest()).decode()
