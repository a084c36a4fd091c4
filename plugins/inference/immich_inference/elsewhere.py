"""Models that are not on the hub: a plugin says at which addresses their files are, and with which hashes."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from immich_inference.api import Download
from immich_inference.errors import DownloadFailed
from immich_inference.hub import Hub, RemoteFile, Repository, offline
from immich_inference.registry import Registry

LOOK_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a hub is to `download`, for one model."""

    model: Download

    @property
    def address(self) -> str:
        """Where its files are."""
        first = urlsplit(next(iter(self.model.files.values())).url)
        return f"{first.scheme}://{first.netloc}"

    @property
    def headers(self) -> dict[str, str]:
        """None: a token is for the hub."""
        return {}

    def look(self, model: str) -> Repository:
        """Its files, whose sizes are asked for. Blocking.

        Raises:
            DownloadFailed: They cannot be reached, or their sizes are not told.
        """
        files: list[RemoteFile] = []
        try:
            with httpx.Client(follow_redirects=True, timeout=LOOK_SECONDS) as client:
                for name, file in self.model.files.items():
                    files.append(RemoteFile(name, file.url, _size(client, file.url), file.sha256, None))
        except httpx.HTTPError as error:
            raise DownloadFailed(offline(self.address, error)) from error
        commit = hashlib.sha256("".join(file.sha256 for file in self.model.files.values()).encode()).hexdigest()
        return Repository(f"{self.model.task}/{model}", commit, tuple(files))


def source_of(registry: Registry, hub: Hub, task: str, model: str) -> Hub | Elsewhere:
    """Where a model is downloaded from."""
    known = registry.download(task, model)
    return hub if known is None else Elsewhere(known)


def _size(client: httpx.Client, url: str) -> int:
    """Bytes of a file, by the head of what would be read: where signed addresses are given out, HEAD is refused."""
    with client.stream("GET", url, headers={"accept-encoding": "identity"}) as answer:
        answer.raise_for_status()
        length = answer.headers.get("content-length", "")
    if not length.isdecimal():
        msg = f"{url} does not say how large it is"
        raise DownloadFailed(msg)
    return int(length)
