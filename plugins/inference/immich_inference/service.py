"""The service that speaks Immich's machine-learning protocol: an ASGI application without a database."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import orjson
import structlog

from immich_inference.api import Ask, Prediction
from immich_inference.errors import BadInput, ModelBroken, NoModel
from immich_inference.form import BadForm, Form, Gone, Receive, Scope, Silent, TooLarge, length_of, read_form
from immich_inference.protocol import BadEntries, answer_of, asks_of
from immich_inference.room import Room

log = structlog.get_logger("inference")

type Send = Callable[[Mapping[str, Any]], Awaitable[None]]

BODIES = 512 << 20
"""Bytes of bodies that are held at a time; of others nothing is taken from the connection yet."""

_JSON, _TEXT = b"application/json", b"text/plain; charset=utf-8"


class Predictor(Protocol):
    """What runs models."""

    async def predict(
        self, asks: Sequence[Ask], *, image: Path | bytes | None = None, text: str | None = None
    ) -> Prediction:
        """As `engine.Engine.predict`."""
        ...


class Service:
    """Answers `/`, `/ping` and `/predict`."""

    def __init__(self, predictor: Predictor, max_body: int) -> None:
        """Args: what runs models, and how many bytes a request may have."""
        self._predictor = predictor
        self._max_body = max_body
        self._room = Room(max(BODIES, max_body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        match scope["method"], scope["path"]:
            case "GET" | "HEAD", "/":
                await _answer(send, 200, b'{"message":"Immich ML"}')
            case "GET" | "HEAD", "/ping":
                await _answer(send, 200, b"pong", _TEXT)
            case "POST", "/predict":
                await self._predict(scope, receive, send)
            case _, "/" | "/ping" | "/predict":
                await _fail(send, 405, "Method Not Allowed")
            case _:
                await _fail(send, 404, "Not Found")

    async def _predict(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._room.take(length_of(scope, self._max_body)):
                form = await read_form(scope, receive, self._max_body)
                prediction = await _unless_gone(receive, self._run(form))
        except Gone:
            return
        except Silent:
            await _fail(send, 408, "The request did not come to its end")
        except TooLarge:
            await _fail(send, 413, f"The request has more than {self._max_body} bytes")
        except (BadForm, BadEntries) as error:
            await _fail(send, 422, str(error))
        except BadInput as error:
            await _fail(send, 400, str(error))
        except (NoModel, ModelBroken) as error:
            log.warning("a prediction failed", error=str(error))
            await _fail(send, 500, str(error))
        except Exception:
            log.exception("a prediction failed")
            await _fail(send, 500, "Internal Server Error")
        else:
            await _answer(send, 200, answer_of(prediction))

    async def _run(self, form: Form) -> Prediction:
        entries = form.take_bytes("entries")
        if entries is None:
            msg = "entries is missing"
            raise BadEntries(msg)
        return await self._predictor.predict(
            asks_of(entries), image=form.take_bytes("image"), text=form.take_text("text")
        )


async def _unless_gone[T](receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """Await work, and cancel it when the client leaves.

    Raises:
        Gone: It has left.
    """
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Gone
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _fail(send: Send, status: int, detail: str) -> None:
    await _answer(send, status, orjson.dumps({"detail": detail}))


async def _answer(send: Send, status: int, body: bytes, kind: bytes = _JSON) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
