"""A stand-in for Immich's machine-learning container, written from the facts about its protocol alone.

It knows its own model names and no others, and answers like it: a wrong name is 500, what cannot be read 422.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import policy
from email.parser import BytesParser

KNOWN = {"clip": {"ViT-B-32__openai"}, "facial-recognition": {"buffalo_l"}, "ocr": {"PP-OCRv5_mobile"}}


class Container:
    """What it was asked, and how it behaves."""

    def __init__(self) -> None:
        self.url = ""
        self.predictions: list[dict[str, object]] = []
        self.pings = 0
        self.pinged = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self.begun = asyncio.Event()
        self.answer_with: tuple[int, bytes] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, _, headers = head.partition(b"\r\n")
        method, path, _ = line.decode().split()
        parsed = BytesParser(policy=policy.HTTP).parsebytes(headers)
        body = await reader.readexactly(int(parsed.get("content-length", "0")))
        if path == "/predict" and self.hold is not None:
            self.begun.set()
            await self.hold.wait()
        status, content = self.respond(method, path, parsed["content-type"], body)
        writer.write(
            b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (status, len(content)) + content
        )
        await writer.drain()
        writer.close()

    def respond(self, method: str, path: str, kind: str | None, body: bytes) -> tuple[int, bytes]:
        """Status and content."""
        if (method, path) == ("GET", "/ping"):
            self.pings += 1
            self.pinged.set()
            return 200, b"pong"
        if (method, path) != ("POST", "/predict"):
            return 404, b'{"detail":"Not Found"}'
        if self.answer_with is not None:
            return self.answer_with
        form = BytesParser(policy=policy.HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
        return self.predict({name: part.get_payload(decode=True) for name, part in parts.items()})

    def predict(self, parts: dict[str, bytes]) -> tuple[int, bytes]:
        """As MODELS.md, section 6, has it."""
        try:
            entries = json.loads(parts["entries"])
        except (KeyError, ValueError):
            return 422, b'{"detail":"Invalid request format."}'
        self.predictions.append({"entries": entries, **{name: parts[name] for name in parts if name != "entries"}})
        if "image" not in parts and "text" not in parts:
            return 400, b'{"detail":"Either image or text must be provided"}'
        answer: dict[str, object] = {}
        for task, types in entries.items():
            for entry in types.values():
                if entry["modelName"] not in KNOWN.get(task, ()):
                    return 500, b"Internal Server Error"
                answer[task] = "[0.6,0.8]"
        if "image" in parts:
            answer |= {"imageHeight": 300, "imageWidth": 451}
        return 200, json.dumps(answer).encode()


@asynccontextmanager
async def running_container() -> AsyncIterator[Container]:
    """One that listens on loopback."""
    container = Container()
    server = await asyncio.start_server(container.serve, "127.0.0.1", 0)
    container.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield container
