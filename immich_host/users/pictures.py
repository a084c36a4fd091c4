"""Profile pictures: what is taken, where it lies, how it is sent."""

import asyncio
from pathlib import Path
from typing import IO, Final
from uuid import UUID

from quart import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from immich_host.media.paths import BadPath
from immich_host.media.threads import READERS, WRITERS
from immich_host.plugin_api.errors import NotFound, Refused
from immich_host.plugin_api.web import Caller
from immich_host.users import store
from immich_host.users.rows import UserRow
from immich_host.wire.kernel import Kernel

LARGEST: Final = 20 * 1024 * 1024
FIELD: Final = "file"

SHOWN: Final = {".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
                ".avif": "image/avif"}  # fmt: skip
"""What every browser shows, and so may be stored."""


def kind_of(head: bytes) -> str | None:
    """The suffix of a picture by its first 32 bytes, whatever it was called; None for anything else.

    SVG is not among them: it may hold scripts.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return ".webp"
    if head[4:8] == b"ftyp":
        return ".avif" if head[8:12] in {b"avif", b"avis"} else ".heic"
    if head.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        return ".jxl"
    return ".tif" if head.startswith((b"II*\x00", b"MM\x00*")) else None


async def store_picture(host: Kernel, caller: Caller, request: Request) -> UserRow:
    """Take the picture out of a form and make it the caller's.

    It lies as a file in the user's profile folder while plugins see it (`profile_image_stored`);
    one of them may rewrite it there, smaller or in a format that browsers show.

    Raises:
        Refused: 400 without a picture, or with one that browsers do not show; 413 too large.
    """
    request.max_content_length = LARGEST
    try:
        sent = (await request.files).get(FIELD)
    except RequestEntityTooLarge as error:
        raise Refused(413, f"A profile image may have {LARGEST // 1024**2} MB at most") from error
    if sent is None:
        raise Refused(400, "Expected a multipart/form-data body with a file")
    growing = host.paths.profile(caller.user_id, ".tmp")
    loop = asyncio.get_running_loop()
    try:
        if await loop.run_in_executor(WRITERS, _write, sent.stream, growing) is None:
            raise Refused(400, "Unsupported file type")
        await host.hosting.guard("profile_image_stored", file=growing, user=caller)
        suffix = await loop.run_in_executor(READERS, _kind, growing)
        if suffix not in SHOWN:
            raise Refused(400, "Unsupported file type")
        target = growing.with_suffix(suffix)
        await loop.run_in_executor(WRITERS, growing.replace, target)
    finally:
        await loop.run_in_executor(WRITERS, growing.unlink, True)
    return await _exchange(host, caller.user_id, target)


async def remove_picture(host: Kernel, user_id: UUID) -> None:
    """Take a user's picture away.

    Raises:
        Refused: 400 where there is none.
    """
    await _exchange(host, user_id, None)


async def _exchange(host: Kernel, user_id: UUID, target: Path | None) -> UserRow:
    try:
        async with store.locked(host.db, user_id):
            before = await store.find(host.db, user_id)
            if before is None or (target is None and not before.profile_image_path):
                raise Refused(400, "There is no profile image")
            row = await store.set_picture(host.db, user_id, host.paths.relative(target) if target else "")
            if before.profile_image_path:
                await host.files.remove_later(host.paths.absolute(before.profile_image_path))
    except BaseException:
        if target is not None:
            target.unlink(missing_ok=True)
        raise
    return row


async def send_picture(host: Kernel, user_id: UUID, request: Request) -> Response:
    """The picture, for clients to keep a day.

    Raises:
        Refused: 400 without such a user; 404 without a picture.
    """
    row = await store.find(host.db, user_id)
    if row is None:
        raise Refused(400, "User not found")
    if not row.profile_image_path:
        raise NotFound("User does not have a profile image")
    tag = f"{row.profile_changed_at.timestamp():.6f}"
    headers = {
        "Cache-Control": "private, max-age=86400, no-transform",
        "ETag": f'"{tag}"',
        "X-Content-Type-Options": "nosniff",
    }
    if request.if_none_match.contains_weak(tag):
        return Response(b"", 304, headers)
    try:
        path = host.paths.absolute(row.profile_image_path)
        content = await asyncio.get_running_loop().run_in_executor(READERS, path.read_bytes)
    except (OSError, BadPath) as error:
        raise NotFound("The profile image is missing on disk") from error
    return Response(content, 200, headers, content_type=SHOWN.get(path.suffix, "application/octet-stream"))


def _write(stream: IO[bytes], target: Path) -> str | None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        while chunk := stream.read(1 << 20):
            file.write(chunk)
    return _kind(target)


def _kind(path: Path) -> str | None:
    with path.open("rb") as file:
        return kind_of(file.read(32))
