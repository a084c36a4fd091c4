"""The service by itself: statuses, limits, and that a request whose client leaves is cancelled."""

import asyncio
import io
import json

import httpx
import pytest
from PIL import Image

from immich_host.testing.waiting import PATIENCE
from immich_inference import form, service
from immich_inference.api import Prediction
from immich_inference.errors import BadInput, ModelBroken, NoModel
from immich_inference.service import Service

CLIP = json.dumps({"clip": {"visual": {"modelName": "m"}}})


class Answering:
    """Stands for the engine: gives or raises what it is told, and notes what it was asked."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.asked = []

    async def predict(self, asks, *, image=None, text=None):
        self.asked.append((asks, image, text))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def client(predictor, max_body: int = 1 << 20) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=Service(predictor, max_body))
    return httpx.AsyncClient(transport=transport, base_url="http://ml")


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (4, 3)).save(file, "PNG")
    return file.getvalue()


def request() -> tuple[dict, bytes]:
    """The scope and the body of a good request."""
    made = httpx.Request("POST", "http://ml/predict", files={"entries": (None, CLIP), "image": ("i", png())})
    return {"type": "http", "method": "POST", "path": "/predict", "headers": made.headers.raw}, made.read()


async def test_the_answer_has_each_tasks_output_and_the_pictures_size():
    predictor = Answering(Prediction({"clip": "[1,2]"}, width=4, height=3))
    async with client(predictor) as ml:
        answer = await ml.post("/predict", data={"entries": CLIP, "text": "cat"}, files={"image": png()})
    assert answer.json() == {"clip": "[1,2]", "imageHeight": 3, "imageWidth": 4}
    ((asks, image, text),) = predictor.asked
    assert (asks[0].task, asks[0].type, asks[0].model, asks[0].options) == ("clip", "visual", "m", {})
    assert (image, text) == (png(), "cat")


async def test_options_reach_the_task_and_a_form_without_files_is_read_too():
    predictor = Answering(Prediction({"clip": "[1]"}))
    entries = json.dumps({"clip": {"textual": {"modelName": "m", "options": {"language": "de"}}}})
    async with client(predictor) as ml:
        answer = await ml.post("/predict", data={"entries": entries, "text": "Käse"})
    assert answer.json() == {"clip": "[1]"}
    ((asks, _, text),) = predictor.asked
    assert asks[0].options == {"language": "de"}
    assert text == "Käse"


@pytest.mark.parametrize(
    "entries",
    ["", "{", "[]", "{}", '{"clip": {}}', '{"clip": {"visual": {}}}', '{"clip": {"visual": {"modelName": 1}}}'],
)
async def test_entries_that_cannot_be_read_are_422(entries):
    async with client(Answering(Prediction({}))) as ml:
        answer = await ml.post("/predict", files={"entries": (None, entries), "image": ("i", png())})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("entries: ")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("the picture is empty"), 400),
        (NoModel("not here"), 500),
        (ModelBroken("no model"), 500),
        (RuntimeError("a secret path"), 500),
    ],
)
async def test_each_failure_has_its_status_and_only_known_ones_are_told(error, status):
    async with client(Answering(error)) as ml:
        answer = await ml.post("/predict", files={"entries": (None, CLIP), "image": ("i", png())})
    assert answer.status_code == status
    assert "secret" not in answer.text
    assert isinstance(answer.json()["detail"], str)


async def test_a_body_that_is_too_large_or_no_form_is_refused():
    async with client(Answering(Prediction({})), max_body=1000) as ml:
        assert (await ml.post("/predict", files={"image": b"0" * 2000})).status_code == 413
        assert (await ml.post("/predict", json={})).status_code == 422
        assert (await ml.post("/predict", data={"text": "no entries"})).status_code == 422
        cut = await ml.post("/predict", content=b"--x\r\n", headers={"content-type": "multipart/form-data; boundary=x"})
        assert cut.status_code == 422


async def test_other_paths_and_methods():
    async with client(Answering(Prediction({}))) as ml:
        assert (await ml.get("/")).json() == {"message": "Immich ML"}
        ping = await ml.get("/ping")
        assert (ping.status_code, ping.text) == (200, "pong")
        assert (await ml.get("/predict")).status_code == 405
        assert (await ml.get("/nothing")).status_code == 404


async def test_a_request_whose_client_has_left_is_cancelled():
    begun, cancelled = asyncio.Event(), asyncio.Event()

    class Hanging:
        async def predict(self, *_asks, **_given):
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

    scope, body = request()
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive():
        for message in messages:
            return message
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        pytest.fail(f"answered: {message}")

    async with asyncio.timeout(PATIENCE):
        await Service(Hanging(), 1 << 20)(scope, receive, send)
    assert cancelled.is_set()


async def test_a_client_that_does_not_go_on_sending_is_told_so_and_keeps_nobody_from_being_served(monkeypatch):
    monkeypatch.setattr(form, "SILENCE_SECONDS", 0.01)
    monkeypatch.setattr(service, "BODIES", 1000)
    served = Service(Answering(Prediction({"clip": "[1]"})), 1000)
    scope, body = request()
    statuses = []

    async def send(message):
        statuses.append(message.get("status"))

    def sending(*messages):
        left = iter(messages)

        async def receive():
            for message in left:
                return message
            return await asyncio.Event().wait()

        return receive

    first = {"type": "http.request", "body": body[:20], "more_body": True}
    async with asyncio.timeout(PATIENCE):
        await served(scope, sending(first), send)
        await served(scope, sending({"type": "http.request", "body": body}), send)
    assert statuses == [408, None, 200, None]


async def test_bodies_are_read_while_there_is_room_for_what_is_held_of_others(monkeypatch):
    monkeypatch.setattr(service, "BODIES", 1000)
    running, most = 0, 0

    class Slow:
        async def predict(self, *_asks, **_given):
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)  # others may begin
            running -= 1
            return Prediction({"clip": "[1]"})

    transport = httpx.ASGITransport(app=Service(Slow(), 1000))
    async with httpx.AsyncClient(transport=transport, base_url="http://ml") as asking:
        posts = [asking.post("/predict", files={"entries": (None, CLIP), "image": ("i", b"x" * 300)}) for _ in range(4)]
        answers = await asyncio.gather(*posts)
    assert [each.status_code for each in answers] == [200] * 4
    assert most == 1


def test_what_is_taken_of_a_form_is_held_once():
    content = b"x" * 1000
    held = form.Form({"image": io.BytesIO(content)})
    assert held.take_bytes("image") == content
    assert held.take_bytes("image") is None
