"""`immich-host infer` answers what Immich's server asks of its machine-learning container.

The client here knows the protocol's table and nothing else: paths, forms, statuses, shapes. Models are this
repository's own, by their names.
"""

import io
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw, ImageFont
from skimage import data

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.waiting import PATIENCE
from immich_inference.api import Ask, predict
from immich_inference.settings import InferenceSettings, MachineLearning

ANSWER_SECONDS = 120

CLIP_VISUAL = {"clip": {"visual": {"modelName": "starter"}}}
CLIP_TEXTUAL = {"clip": {"textual": {"modelName": "starter", "options": {"language": "de"}}}}
FACES = {
    "facial-recognition": {
        "detection": {"modelName": "starter", "options": {"minScore": 0.7}},
        "recognition": {"modelName": "starter"},
    }
}
OCR = {
    "ocr": {
        "detection": {"modelName": "PP-OCRv6_small", "options": {"minScore": 0.5, "maxResolution": 736}},
        "recognition": {"modelName": "PP-OCRv6_small", "options": {"minScore": 0.8}},
    }
}


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=95)
    return file.getvalue()


def sign() -> bytes:
    image = Image.new("RGB", (640, 200), "white")
    ImageDraw.Draw(image).text((40, 60), "HELLO WORLD", fill="black", font=ImageFont.load_default(64))
    return jpeg(image)


ASTRONAUT = jpeg(Image.fromarray(data.astronaut()))
CAT = jpeg(Image.fromarray(data.chelsea()))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real program, on a free port of loopback, without database and without downloads."""
    folder = tmp_path_factory.mktemp("infer")
    command = [sys.executable, "-P", "-m", "immich_host", "infer", "--port", "0", "--no-download"]
    command += ["--folder", str(folder / "models")]
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        assert line.startswith("http://127.0.0.1:"), (folder / "said").read_text()
        yield line
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


@pytest_asyncio.fixture(loop_scope="session")
async def service(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address, timeout=ANSWER_SECONDS) as client:
        yield client


async def asked(
    service: httpx.AsyncClient, entries: Any, *, image: bytes | None = None, text: str | None = None
) -> httpx.Response:
    """`/predict`, as Immich's server sends it: multipart, with a file or a text."""
    parts: dict[str, Any] = {"entries": (None, entries if isinstance(entries, str) else json.dumps(entries))}
    if image is not None:
        parts["image"] = ("blob", image, "application/octet-stream")
    if text is not None:
        parts["text"] = (None, text)
    return await service.post("/predict", files=parts)


def vector(text: Any) -> list[float]:
    """An embedding is a string that holds a JSON array of numbers."""
    assert isinstance(text, str)
    numbers = json.loads(text)
    assert len(numbers) > 1
    assert all(isinstance(each, float | int) for each in numbers)
    return numbers


async def test_root_and_ping(service: httpx.AsyncClient) -> None:
    assert (await service.get("/")).json() == {"message": "Immich ML"}
    ping = await service.get("/ping")
    assert (ping.status_code, ping.text) == (200, "pong")


async def test_clip_visual(service: httpx.AsyncClient) -> None:
    answer = (await asked(service, CLIP_VISUAL, image=CAT)).json()
    assert set(answer) == {"clip", "imageHeight", "imageWidth"}
    assert (answer["imageHeight"], answer["imageWidth"]) == data.chelsea().shape[:2]
    vector(answer["clip"])


async def test_clip_textual(service: httpx.AsyncClient) -> None:
    answer = (await asked(service, CLIP_TEXTUAL, text="a cat")).json()
    assert set(answer) == {"clip"}
    visual = (await asked(service, CLIP_VISUAL, image=CAT)).json()
    assert len(vector(answer["clip"])) == len(vector(visual["clip"]))


async def test_faces(service: httpx.AsyncClient) -> None:
    answer = (await asked(service, FACES, image=ASTRONAUT)).json()
    assert set(answer) == {"facial-recognition", "imageHeight", "imageWidth"}
    (face,) = answer["facial-recognition"]
    assert set(face) == {"boundingBox", "embedding", "score"}
    box = face["boundingBox"]
    assert set(box) == {"x1", "y1", "x2", "y2"}
    assert all(float(each).is_integer() for each in box.values())
    assert 0 <= box["x1"] < box["x2"] <= answer["imageWidth"]
    assert 0 <= box["y1"] < box["y2"] <= answer["imageHeight"]
    assert 0.7 <= face["score"] <= 1
    vector(face["embedding"])


async def test_no_faces_is_an_empty_list(service: httpx.AsyncClient) -> None:
    plain = jpeg(Image.new("RGB", (300, 200), "teal"))
    answer = (await asked(service, FACES, image=plain)).json()
    assert answer == {"facial-recognition": [], "imageHeight": 200, "imageWidth": 300}


async def test_ocr(service: httpx.AsyncClient) -> None:
    answer = (await asked(service, OCR, image=sign())).json()
    assert set(answer) == {"ocr", "imageHeight", "imageWidth"}
    found = answer["ocr"]
    assert set(found) == {"text", "box", "boxScore", "textScore"}
    assert "HELLO WORLD" in " ".join(found["text"])
    assert len(found["box"]) == 8 * len(found["text"])
    assert all(0 <= each <= 1 for each in found["box"])
    for scores in (found["boxScore"], found["textScore"]):
        assert len(scores) == len(found["text"])
        assert all(0 <= each <= 1 for each in scores)


async def test_several_tasks_at_once(service: httpx.AsyncClient) -> None:
    answer = (await asked(service, CLIP_VISUAL | FACES, image=ASTRONAUT)).json()
    assert set(answer) == {"clip", "facial-recognition", "imageHeight", "imageWidth"}
    assert len(answer["facial-recognition"]) == 1


async def test_of_picture_and_text_the_picture_wins(service: httpx.AsyncClient) -> None:
    both = (await asked(service, CLIP_VISUAL, image=CAT, text="a dog")).json()
    assert both == (await asked(service, CLIP_VISUAL, image=CAT)).json()


async def test_exif_does_not_turn_the_picture(service: httpx.AsyncClient) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.new("RGB", (300, 200)).save(file, "JPEG", exif=exif)
    answer = (await asked(service, CLIP_VISUAL, image=file.getvalue())).json()
    assert (answer["imageHeight"], answer["imageWidth"]) == (200, 300)


RECOGNITION_ALONE = {"facial-recognition": {"recognition": {"modelName": "starter"}}}
UNKNOWN = {"clip": {"visual": {"modelName": "no-such-model"}}}


@pytest.mark.parametrize(
    ("entries", "given", "status"),
    [
        pytest.param(CLIP_VISUAL, {}, 400, id="neither picture nor text"),
        pytest.param(CLIP_VISUAL, {"image": b""}, 400, id="a picture of no bytes"),
        pytest.param(RECOGNITION_ALONE, {"image": ASTRONAUT}, 400, id="what it depends on is missing"),
        pytest.param("{", {"image": CAT}, 422, id="no JSON"),
        pytest.param('{"clip":{"visual":{}}}', {"image": CAT}, 422, id="no name of a model"),
        pytest.param(UNKNOWN, {"image": CAT}, 500, id="an unknown model"),
    ],
)
async def test_statuses(service: httpx.AsyncClient, entries: Any, given: dict[str, Any], status: int) -> None:
    answer = await asked(service, entries, **given)
    assert answer.status_code == status, answer.text
    assert (await service.get("/ping")).text == "pong"


async def test_a_server_gets_the_same_from_the_service_as_from_itself(host: MakeHost, address: str) -> None:
    running = await host(plugins=["inference", "starter_models", "faces", "ocr"])
    asks = [
        Ask(task, kind, entry["modelName"], entry.get("options", {}))
        for task, kinds in (CLIP_VISUAL | FACES | OCR).items()
        for kind, entry in kinds.items()
    ]
    here = await predict(running.kernel, asks, image=ASTRONAUT)
    await running.configure(MachineLearning(urls=(address,)))
    await running.configure(InferenceSettings(in_process=False))
    there = await predict(running.kernel, asks, image=ASTRONAUT)
    assert (there.width, there.height) == (here.width, here.height) == data.astronaut().shape[1::-1]
    assert there.values["ocr"] == here.values["ocr"]
    for one, other in zip(there.values["facial-recognition"], here.values["facial-recognition"], strict=True):
        assert one["boundingBox"] == other["boundingBox"]
        assert vector(one["embedding"]) == pytest.approx(vector(other["embedding"]), abs=1e-4)
    assert vector(there.values["clip"]) == pytest.approx(vector(here.values["clip"]), abs=1e-4)
