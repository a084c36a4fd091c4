"""Streaming multipart uploads: files go to disk while they are hashed, in bounded memory.

While one batch is hashed and written by a thread the next one is received; when the disk is slower
than the network, nothing more is taken from the connection.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final
from unicodedata import category
from urllib.parse import unquote_to_bytes

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from immich_host.media.answers import ClientGone, Receive, Scope, header
from immich_host.media.incoming import Incoming
from immich_host.media.received import PartHead, ReceivedFile
from immich_host.plugin_api.errors import Refused

FIELDS_LIMIT: Final = 1 << 20
PARTS_LIMIT: Final = 200
NAME_LIMIT: Final = 255
"""Characters of a file name; no file system takes more."""
SILENCE: Final = 300.0
"""Seconds without a byte after which the client counts as gone."""

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


type Begun = Callable[[PartHead, Mapping[str, str]], Awaitable[None]]
"""Called at a file part's head with the text fields that came before it; raises Refused to stop."""


@dataclass(slots=True)
class Upload:
    """A complete multipart body; `documents` are JSON parts sent as files, which may repeat a name."""

    fields: dict[str, str] = field(default_factory=dict[str, str])
    documents: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    files: dict[str, ReceivedFile] = field(default_factory=dict[str, ReceivedFile])


@asynccontextmanager
async def receiving(
    scope: Scope,
    receive: Receive,
    incoming: Incoming,
    *,
    files: frozenset[str],
    begun: Begun | None = None,
) -> AsyncIterator[Upload]:
    """Read the whole multipart body; leaving the block removes every file that was not kept.

    Args:
        scope: The request.
        receive: Its messages.
        incoming: Where files grow.
        files: Names of the parts that are files; other file parts are read and dropped, but JSON is kept.
        begun: Asked at the head of each file part.

    Raises:
        Refused: 400 for a body that is not complete multipart, or what `begun` raises.
        ClientGone: The connection was cut.
    """
    reader = _Reader(scope, incoming, files, begun)
    try:
        await reader.read(receive)
        yield reader.upload
    finally:
        for file in reader.opened:
            await file.discard()


class _Reader:
    """Feeds the parser and sorts what comes out."""

    def __init__(self, scope: Scope, incoming: Incoming, files: frozenset[str], begun: Begun | None) -> None:
        self.upload = Upload()
        self.opened: list[ReceivedFile] = []
        self._parser = _parser_of(scope)
        self._incoming = incoming
        self._files = files
        self._begun = begun
        self._file: ReceivedFile | None = None
        self._name = ""
        self._text: list[bytes] | None = None
        self._text_size = 0
        self._is_document = False

    async def read(self, receive: Receive) -> None:
        """Read to the end of the body."""
        try:
            async with asyncio.timeout(SILENCE) as limit:
                await self._read(receive, limit)
            self._parser.close()
        except MultipartError as error:
            raise Refused(400, f"Malformed multipart body: {error}") from error
        except TimeoutError as error:
            raise ClientGone from error

    async def _read(self, receive: Receive, limit: asyncio.Timeout) -> None:
        now = asyncio.get_running_loop().time
        heard = now()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            more = message.get("more_body", False)
            if (chunk := message.get("body", b"")) and not self._parser.closed:
                for event in self._parser.parse(chunk):
                    await self._take(event)
            if now() - heard > SILENCE / 60:
                heard = now()
                limit.reschedule(heard + SILENCE)

    async def _take(self, event: MultipartSegment | bytes | bytearray | None) -> None:
        if isinstance(event, MultipartSegment):
            await self._start(event)
        elif event is None:
            await self._end()
        elif self._file is not None:
            await self._file.feed(event)
        elif self._text is not None:
            self._text_size += len(event)
            if self._text_size > FIELDS_LIMIT:
                raise Refused(400, "The form fields are too large")
            self._text.append(bytes(event))

    async def _start(self, segment: MultipartSegment) -> None:
        self._name = _text(segment.name or "")
        self._is_document = segment.filename is not None and segment.content_type == "application/json"
        if self._name not in self._files and (segment.filename is None or self._is_document):
            self._text = []
            return
        if self._name not in self._files:
            return
        if self._name in self.upload.files:
            raise Refused(400, f"Unexpected second part {self._name}")
        head = PartHead(self._name, clean_name(_text(segment.filename or "", unquoted=True)), segment.content_type)
        if self._begun is not None:
            await self._begun(head, self.upload.fields)
        self._file = ReceivedFile(head, self._incoming)
        self.opened.append(self._file)

    async def _end(self) -> None:
        if self._file is not None:
            await self._file.finish()
            self.upload.files[self._name] = self._file
        elif self._text is not None:
            self._keep(b"".join(self._text))
        self._file = self._text = None

    def _keep(self, content: bytes) -> None:
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            raise Refused(400, f"The form field {self._name} is not UTF-8") from error
        if self._is_document:
            self.upload.documents.setdefault(self._name, []).append(text)
        else:
            self.upload.fields[self._name] = text


def _parser_of(scope: Scope) -> PushMultipartParser:
    content_type, options = parse_options_header(header(scope, b"content-type") or "")
    boundary = options.get("boundary")
    if content_type != "multipart/form-data" or not boundary:
        raise Refused(400, "Expected a multipart/form-data body")
    try:
        return PushMultipartParser(boundary, max_segment_count=PARTS_LIMIT, header_charset="latin-1")
    except MultipartError as error:
        raise Refused(400, f"Malformed multipart body: {error}") from error


def _text(header: str, *, unquoted: bool = False) -> str:
    """What a client means that sends UTF-8, percent-encoded UTF-8 (where `unquoted`) or Latin-1."""
    sent = header.encode("latin-1")
    for form in (unquote_to_bytes(sent), sent) if unquoted and _PERCENT.search(header) else (sent,):
        with suppress(UnicodeDecodeError):
            return form.decode()
    return header


def clean_name(name: str) -> str:
    """A file name without folders and control characters, short enough for every file system and archive."""
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(character for character in name if category(character) != "Cc")
    if len(name) <= NAME_LIMIT:
        return name
    suffix = PurePosixPath(name).suffix
    return (name[: max(0, NAME_LIMIT - len(suffix))] + suffix)[:NAME_LIMIT]
