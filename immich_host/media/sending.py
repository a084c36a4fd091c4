"""Sending files: ranges, conditional requests, cache headers, and memory that stays flat."""

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from immich_host.media.answers import CORRELATION, Receive, Scope, Send, correlation_of
from immich_host.media.open_files import NO_SUCH_FILE, OpenFile, OpenFiles
from immich_host.media.ranges import Unsatisfiable, Wanted, is_unchanged, pick
from immich_host.media.types import content_type_of
from immich_host.plugin_api.errors import NotFound

CHUNK: Final = 256 * 1024
SVG: Final = b"image/svg+xml"
"""Pictures that can hold scripts, which must not run as if this server had written them."""
CACHED: Final = "private, max-age=86400, no-transform, stale-while-revalidate=2592000, stale-if-error=2592000"
NOT_CACHED: Final = "private, no-cache, no-transform"

_ASKED: Final = {
    b"range": "range",
    b"if-range": "if_range",
    b"if-none-match": "if_none_match",
    b"if-modified-since": "if_modified_since",
}

_open_files = OpenFiles()


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file to be sent and the headers that do not depend on its content.

    `path` is absolute. Build one with `sent_file` and keep it where the same file is sent often.
    `keep_open` is false where the name may pass to another file.
    """

    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    keep_open: bool = True


def sent_file(
    path: str,
    *,
    file_name: str | None = None,
    content_type: str | None = None,
    cache: str = CACHED,
    attachment: bool = False,
    keep_open: bool = True,
) -> SentFile:
    """Describe a file to be sent.

    Args:
        path: Absolute path.
        file_name: Name for the client; no Content-Disposition without one.
        content_type: By the path's extension where None.
        cache: The Cache-Control value.
        attachment: Ask the browser to store it in place of showing it.
        keep_open: Leave a small file open for the next request; not where the name may pass to another file.
    """
    headers = [
        (b"content-type", (content_type or content_type_of(path)).encode("latin-1")),
        (b"cache-control", cache.encode("latin-1")),
        (b"accept-ranges", b"bytes"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if headers[0][1] == SVG:
        headers.append((b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"))
    if file_name is not None:
        way = "attachment" if attachment else "inline"
        headers.append((b"content-disposition", f"{way}; filename*=UTF-8''{quote(file_name, safe='')}".encode()))
    return SentFile(path, tuple(headers), keep_open)


async def send_file(scope: Scope, receive: Receive, send: Send, file: SentFile) -> None:
    """Answer a GET or HEAD with a file.

    Raises:
        NotFound: There is no such file.
    """
    opened = _open_files.small(file.path) if file.keep_open else None
    if opened is not None:
        await _answer(scope, receive, send, file, opened)
        return
    try:
        opened = await _open_files.open(file.path)
    except NO_SUCH_FILE as error:
        raise NotFound from error
    try:
        await _answer(scope, receive, send, file, opened)
    finally:
        if file.keep_open:
            _open_files.release(file.path, opened)
        else:
            opened.close()


def _wanted(scope: Scope) -> Wanted | None:
    asked = {_ASKED[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _ASKED}
    return Wanted(**asked) if asked else None


async def _answer(scope: Scope, receive: Receive, send: Send, file: SentFile, opened: OpenFile) -> None:
    facts = opened.facts
    wanted = _wanted(scope)
    head = [*file.headers, *facts.headers, (CORRELATION, correlation_of(scope))]
    part: tuple[int, int] | None = None
    if wanted is not None:
        if is_unchanged(wanted, facts.etag, facts.mtime):
            await _send_empty(send, 304, head[1:])
            return
        try:
            part = pick(wanted, facts.size, facts.etag, facts.mtime)
        except Unsatisfiable:
            head = [(b"content-range", b"bytes */%d" % facts.size), (b"content-length", b"0")]
            await _send_empty(send, 416, [*head, (CORRELATION, correlation_of(scope))])
            return
    first, last = part if part is not None else (0, facts.size - 1)
    length = last - first + 1
    head.append((b"content-length", b"%d" % length))
    if part is not None:
        head.append((b"content-range", b"bytes %d-%d/%d" % (first, last, facts.size)))
    await send({"type": "http.response.start", "status": 206 if part is not None else 200, "headers": head})
    if scope["method"] == "HEAD" or not length:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    elif opened.content is not None:
        body = opened.content if part is None else bytes(opened.content[first : last + 1])
        await send({"type": "http.response.body", "body": body, "more_body": False})
    else:
        await _stream(receive, send, opened, first, length)


async def _send_empty(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _stream(receive: Receive, send: Send, opened: OpenFile, first: int, length: int) -> None:
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        end = first + length
        while first < end and not gone.done():
            chunk = await opened.read(first, min(CHUNK, end - first))
            if not chunk:
                break  # the file was cut short meanwhile; the client sees too few bytes
            first += len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": first < end})
            await asyncio.sleep(0)  # what is in memory is read and sent without a pause: let others run
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
