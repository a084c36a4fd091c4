"""Reading text in pictures by the model that comes with rapidocr."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from skimage import data

from immich_host.testing import RunningHost
from immich_inference.api import Ask, predict
from immich_inference.errors import BadInput
from immich_ocr.detection import working_size
from immich_ocr.settings import DEFAULT_MODEL

Print = Callable[..., Image.Image]
Jpeg = Callable[[Image.Image], bytes]

LINES = [
    "The quick brown fox jumps",
    "over the lazy dog 1234567890",
    "Invoice 2024-0815 EUR 99,50",
    "MIND THE GAP",
    "info@example.com +49 89 1234",
]


async def read(
    server: RunningHost, picture: bytes | Path, model: str = DEFAULT_MODEL, **options: Any
) -> dict[str, Any]:
    look = {"minScore": 0.5, "maxResolution": 736} | options
    asks = [Ask("ocr", "detection", model, look), Ask("ocr", "recognition", model, {"minScore": 0.8})]
    return (await predict(server.kernel, asks, image=picture)).values["ocr"]


@pytest.mark.parametrize("size", [12, 20, 40])
async def test_print_is_read(reader: RunningHost, printed: Print, jpeg: Jpeg, size: int) -> None:
    assert (await read(reader, jpeg(printed(LINES, size=size))))["text"] == LINES


@pytest.mark.parametrize("degrees", [8, 90, 180, 225, 270])
async def test_however_it_lies(reader: RunningHost, printed: Print, jpeg: Jpeg, degrees: int) -> None:
    answer = await read(reader, jpeg(printed(LINES, degrees=degrees)))
    assert set(answer["text"]) == set(LINES)


async def test_the_shape_of_the_answer(reader: RunningHost, printed: Print, jpeg: Jpeg) -> None:
    answer = await read(reader, jpeg(printed(["Gate 12"], size=60, picture=(600, 300))))
    assert json.loads(json.dumps(answer)) == answer
    assert list(answer) == ["text", "box", "boxScore", "textScore"]
    assert answer["text"] == ["Gate 12"]
    assert len(answer["box"]) == 8
    assert 0.5 <= answer["boxScore"][0] <= 1
    assert 0.9 <= answer["textScore"][0] <= 1
    x1, y1, x2, y2, x3, y3, x4, y4 = answer["box"]  # clockwise from the top left; the text is at 40, 30
    assert (x1, y1) == pytest.approx((x4, y2), abs=0.02)
    assert (x1, y1) == pytest.approx((40 / 600, 40 / 300), abs=0.05)
    assert (x3, y3) == pytest.approx((x2, y4), abs=0.02)
    assert 0 < x1 < x2 < 0.6
    assert 0 < y1 < y3 < 0.5


async def test_a_column_at_the_side_is_read_after_the_row(reader: RunningHost, printed: Print, jpeg: Jpeg) -> None:
    sheet = printed(["Coffee", "Orange juice", "Sandwich"], picture=(1000, 300))
    prices = printed(["2,50", "3,80", "5,20"], picture=(300, 300))
    sheet.paste(prices, (600, 6))
    assert (await read(reader, jpeg(sheet)))["text"] == ["Coffee", "2,50", "Orange juice", "3,80", "Sandwich", "5,20"]


async def test_where_there_is_no_text_almost_never_is_any_read(reader: RunningHost, jpeg: Jpeg) -> None:
    """The rim of a cup of coffee may be an 8."""
    wordless = ("astronaut", "chelsea", "rocket", "camera", "coffee")
    read_in = {name: (await read(reader, jpeg(Image.fromarray(getattr(data, name)()))))["text"] for name in wordless}
    assert [text for name, text in read_in.items() if name != "coffee"] == [[], [], [], []]
    assert read_in["coffee"] in ([], ["8"])


async def test_a_scanned_page(reader: RunningHost, jpeg: Jpeg) -> None:
    text = (await read(reader, jpeg(Image.fromarray(data.page()))))["text"]
    assert text[:3] == [
        "Region-based segmentation",
        "Let us first determine markers of the coins and the",
        "background. These markers are pixels that we can label",
    ]


@pytest.mark.parametrize("picture", [(31, 400), (400, 31), (1, 1)])
async def test_tiny_pictures_are_not_read(reader: RunningHost, printed: Print, jpeg: Jpeg, picture: Any) -> None:
    assert (await read(reader, jpeg(printed(["Gate 12"], size=20).crop((0, 0, *picture)))))["text"] == []


async def test_a_small_picture_is_read(reader: RunningHost, printed: Print, jpeg: Jpeg) -> None:
    small = printed(["Gate 12"], size=16).crop((30, 25, 130, 61))
    assert (await read(reader, jpeg(small)))["text"] == ["Gate 12"]


async def test_a_long_line_and_a_long_picture(reader: RunningHost, printed: Print, jpeg: Jpeg) -> None:
    long = (
        "all that is gold does not glitter, not all those who wander are lost; the old that is strong does not wither"
    )
    assert (await read(reader, jpeg(printed([long], size=24, picture=(1440, 500)))))["text"] == [long]
    chat = [f"Message {number} of a long chat" for number in range(40)]
    assert (await read(reader, jpeg(printed(chat, size=32, picture=(720, 2500)))))["text"] == chat


def test_what_a_run_takes_is_bounded() -> None:
    for size in ((1440, 1920), (1440, 12_000), (60_000, 32), (100, 50), (5000, 5000)):
        width, height = working_size(size, 736)
        assert width % 32 == height % 32 == 0
        assert width * height <= 2.8 * 736 * 736
        assert (width, height) <= (max(32, size[0] + 16), max(32, size[1] + 16))
    assert working_size((1440, 1920), 736) == (736, 992)


async def test_least_scores(reader: RunningHost, printed: Print, jpeg: Jpeg) -> None:
    picture = jpeg(printed(["Gate 12"]))
    assert (await read(reader, picture, minScore=1.0))["text"] == []
    asks = [Ask("ocr", "detection", DEFAULT_MODEL), Ask("ocr", "recognition", DEFAULT_MODEL, {"minScore": 1.1})]
    assert (await predict(reader.kernel, asks, image=picture)).values["ocr"]["text"] == []


@pytest.mark.parametrize("odd", ["x", None, [1], True, float("nan"), 10**15])
@pytest.mark.parametrize(("kind", "name"), [(0, "minScore"), (0, "maxResolution"), (1, "minScore")])
async def test_options_that_are_no_numbers_are_refused(
    reader: RunningHost, printed: Print, jpeg: Jpeg, kind: int, name: str, odd: Any
) -> None:
    options: list[dict[str, Any]] = [{}, {}]
    options[kind][name] = odd
    asks = [Ask("ocr", "detection", DEFAULT_MODEL, options[0]), Ask("ocr", "recognition", DEFAULT_MODEL, options[1])]
    with pytest.raises(BadInput, match=f"{name} has to be a number"):
        await predict(reader.kernel, asks, image=jpeg(printed(["Gate 12"], size=20, picture=(200, 100))))


async def test_finding_lines_without_reading_them(reader: RunningHost, printed: Print, jpeg: Jpeg) -> None:
    asks = [Ask("ocr", "detection", DEFAULT_MODEL)]
    found = (await predict(reader.kernel, asks, image=jpeg(printed(LINES)))).values["ocr"]
    assert len(found["boxScore"]) == len(LINES)
    assert len(found["box"]) == 8 * len(LINES)


PHOTOS = {
    "handwritten-notes.jpg": ({"IMPORTANT", "TODO", "REMEMBER THIS:", "complete", "In progress"}, 18),
    "book-beside-flowers.jpg": ({"A. Ali Ural", "yedek kalplere verilen isim.", "149", "161"}, 16),
    "japanese-shop.jpg": ({"KIRIN"}, 4),
}


@pytest.mark.parametrize("name", PHOTOS)
async def test_photos(reader: RunningHost, text_album: Path, jpeg: Jpeg, name: str) -> None:
    with Image.open(text_album / name) as photo:
        scale = 1440 / min(photo.size)
        preview = photo.convert("RGB").resize((round(photo.width * scale), round(photo.height * scale)))
    text = (await read(reader, jpeg(preview)))["text"]
    words, lines = PHOTOS[name]
    assert words <= set(text)
    assert len(text) >= lines
