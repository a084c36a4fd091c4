"""Downloading a model: resumed where it was cut, checked by its hashes, put in place when it is whole."""

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import orjson
import structlog

from immich_inference.elsewhere import Elsewhere
from immich_inference.errors import DownloadFailed
from immich_inference.hub import Hub, RemoteFile, Repository, offline
from immich_inference.layout import check_names, clean_name, file_of
from immich_inference.progress import Report, Tell, note, staging_of, to_nobody

log = structlog.get_logger("inference")

STAMP = "download.json"
"""Says in a model's folder where it came from, with the hashes of its files."""
LOOK_SECONDS = 0.5
SILENCE_SECONDS = 60.0
_PARTIAL, _WHOLE = 206, 200


@dataclass(slots=True)
class _Download:
    """One model on its way."""

    repository: Repository
    staging: Path
    headers: dict[str, str]
    report: Report

    async def run(self, client: httpx.AsyncClient) -> None:
        """Bring every file that is not there yet."""
        for file in self.repository.files:
            target = self.staging / "files" / file.name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                await self._file(client, file, target)
            await self.report.file_done(file.size)

    async def _file(self, client: httpx.AsyncClient, file: RemoteFile, target: Path) -> None:
        part = self.staging / "parts" / hashlib.sha256(file.name.encode()).hexdigest()
        part.parent.mkdir(parents=True, exist_ok=True)
        for is_last in (False, True):
            await self._fetch(client, file, part)
            if await asyncio.to_thread(is_right, part, file):
                part.replace(target)
                return
            part.unlink(missing_ok=True)
            if is_last:
                msg = f"{self.repository.id}: what came as {file.name} is not what the hub says it is; try again later"
                raise DownloadFailed(msg)

    async def _fetch(self, client: httpx.AsyncClient, file: RemoteFile, part: Path) -> None:
        """Add to a part of a file until it is whole."""
        there = part.stat().st_size if part.exists() else 0
        if there >= file.size > 0:
            return
        wanted = self.headers | {"accept-encoding": "identity"} | ({"range": f"bytes={there}-"} if there else {})
        async with client.stream("GET", file.url, headers=wanted) as answer:
            if answer.status_code == _WHOLE:
                there = 0  # it does not give parts
            if answer.status_code not in {_PARTIAL, _WHOLE}:
                msg = f"{self.repository.id}: HTTP {answer.status_code} for {file.name}"
                raise DownloadFailed(msg)
            with part.open("ab" if there else "wb") as content:
                async for piece in answer.aiter_raw():
                    if there + len(piece) > file.size:
                        return  # more than the file has; the check of its content fails
                    await asyncio.to_thread(content.write, piece)
                    there += len(piece)
                    await self.report.within_file(there)


async def download(
    hub: Hub | Elsewhere,
    folder: Path,
    task: str,
    model: str,
    tell: Tell = to_nobody,
    lacking: Sequence[str] = (),
) -> Path:
    """Bring a model into the folder of models; what an earlier try has brought is gone on with.

    Args:
        hub: Where from.
        folder: The folder of models.
        task: What it is for.
        model: Its name: one of Immich's collection, or `owner/name` on the hub.
        tell: Told how far it is, as often as there is something new.
        lacking: Types that are wanted: a folder that is there without them is not taken for the model.

    Returns:
        The model's folder. Where another process brings it at the same time, that one's.

    Raises:
        DownloadFailed: It could not be brought; the message says what to do.
    """
    try:
        check_names(task, model)
    except ValueError as error:
        raise DownloadFailed(str(error)) from error
    target, staging = folder / task / clean_name(model), staging_of(folder, task, model)
    report = Report(folder, task, model, tell)
    async with _failures(hub.address, report), _alone(staging):
        if target.exists():
            _check_whole(target, task, model, lacking)
            return target
        repository = await asyncio.to_thread(hub.look, model)
        await report.begin(repository.size)
        await _bring(hub, repository, staging, report)
        await asyncio.to_thread(_put_in_place, staging, target)
        note(folder, task, model, None)
    log.info("a model was downloaded", task=task, model=model, bytes=repository.size)
    return target


@asynccontextmanager
async def _failures(address: str, report: Report) -> AsyncIterator[None]:
    """Whatever ends a download is kept, and is a `DownloadFailed`."""
    try:
        yield
    except httpx.HTTPError as error:
        failure = DownloadFailed(offline(address, error))
        await report.failed(str(failure))
        raise failure from error
    except (DownloadFailed, OSError) as error:
        await report.failed(str(error))
        raise DownloadFailed(str(error)) from error


def _check_whole(target: Path, task: str, model: str, lacking: Sequence[str]) -> None:
    """Let a folder pass that has what is wanted.

    Raises:
        DownloadFailed: It has not; it may be somebody's own, so nothing is put into it.
    """
    absent = [kind for kind in lacking if not file_of(target / kind).is_file()]
    if absent:
        msg = (
            f"the model {task}/{model} is incomplete, {target} lacks {', '.join(absent)}: remove it first "
            f"(`immich-host models remove {task}/{model}`), then download it again"
        )
        raise DownloadFailed(msg)


async def _bring(hub: Hub | Elsewhere, repository: Repository, staging: Path, report: Report) -> None:
    """Bring what is not there yet into the staging folder."""
    if not any(file.name.endswith(".onnx") for file in repository.files):
        msg = f"{repository.id} has no ONNX files: models in other formats cannot be run"
        raise DownloadFailed(msg)
    _of_commit(staging, repository.commit)
    free = shutil.disk_usage(staging).free
    needed = repository.size - _staged(staging)
    if needed > free:
        msg = f"{repository.id} needs {needed >> 20} MiB more, there are {free >> 20} free in {staging}"
        raise DownloadFailed(msg)
    timeout = httpx.Timeout(SILENCE_SECONDS)
    async with httpx.AsyncClient(follow_redirects=True, timeout=timeout) as client:
        await _Download(repository, staging, hub.headers, report).run(client)
    stamp = orjson.dumps(asdict(repository), option=orjson.OPT_INDENT_2)
    (staging / "files" / STAMP).write_bytes(stamp)


def _staged(staging: Path) -> int:
    """Bytes that an earlier try has brought."""
    return sum(each.stat().st_size for each in staging.rglob("*") if each.is_file())


def _of_commit(staging: Path, commit: str) -> None:
    """What was brought of another commit is of no use."""
    stamp = staging / "commit"
    if not stamp.exists() or stamp.read_text() != commit:
        for each in ("files", "parts"):
            shutil.rmtree(staging / each, ignore_errors=True)
        stamp.write_text(commit)


def is_right(part: Path, file: RemoteFile) -> bool:
    """Whether a file is what the hub says it is. Blocking."""
    if not part.exists() or part.stat().st_size != file.size:
        return False
    if file.sha256 is not None:
        with part.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == file.sha256
    if file.git_blob is not None:
        digest = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        digest.update(part.read_bytes())  # files that git keeps are small
        return digest.hexdigest() == file.git_blob
    return True


def _put_in_place(staging: Path, target: Path) -> None:
    for file in (staging / "files").rglob("*"):
        if file.is_file():
            with file.open("rb") as content:
                os.fsync(content.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    (staging / "files").rename(target)
    shutil.rmtree(staging, ignore_errors=True)


@asynccontextmanager
async def _alone(staging: Path) -> AsyncIterator[None]:
    """Only one process brings a model at a time; the lock goes with a process that ends."""
    staging.mkdir(parents=True, exist_ok=True)
    lock = staging.with_name(f"{staging.name}.lock")
    with lock.open("w") as held:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:  # nobody tells another process that a lock is free
                await asyncio.sleep(LOOK_SECONDS)
        staging.mkdir(parents=True, exist_ok=True)
        yield
