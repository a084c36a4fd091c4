"""The mobile app, as far as HTTP shows it: cookies, its user agent, chunked uploads."""

from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha1
from typing import Any
from uuid import uuid4

import httpx

from immich_host.testing.host import expect
from tests.clients.people import PASSWORD

CHUNK = 1000
TAKEN = "2023-06-07T08:09:10.123456+00:00"


class Phone:
    """The app on one phone; `http` keeps the cookies of its login."""

    def __init__(self, url: str) -> None:
        agent = {"User-Agent": "immich-android/3.2.0", "devicemodel": "Pixel 9", "devicetype": "Android"}
        self.http = httpx.AsyncClient(base_url=url, headers=agent, timeout=30)

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
