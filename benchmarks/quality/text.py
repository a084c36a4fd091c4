"""Reading text: printed on paper and over photos, however it lies, in photos, and where there is none.

    python benchmarks/quality/text.py [--model PP-OCRv6_small] [--assets FOLDER] [--json]

A printed line counts as read where it is read letter by letter, a word of a photo where it is among the words read
(text.toml says which there are). Pictures are drawn the same way each time. Seconds depend on the machine and on what
else it does; they are there to be compared within one run.
"""

import argparse
import random
import resource
import statistics
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asking import Models, options, run, shown
from pictures import Picture, jpeg, pictures
from PIL import Image, ImageDraw, ImageFont

TEXT = """
the quick brown fox receipt total hotel exit gate platform departure 12.50 2024-08-15 B12 Open daily from 9:00 to 18:30
Invoice number 4711 Thank you for your visit please wait here SALE coffee library museum ticket 50% off
"""
SIZES = (10, 14, 20, 28, 40, 64)
PAPER, INK = (244, 240, 232), (25, 25, 30)
COLOURS = ((255, 255, 255), (0, 0, 0), (255, 230, 0), (200, 20, 20))
GROUNDS = ("coffee", "chelsea", "rocket", "astronaut", "brick", "grass", "gravel", "china")
TURNS = (0, 5, 20, 45, 90, 135, 180, 270)
CANVAS = (1440, 1080)

type Drawn = tuple[Image.Image, list[str]]


class Reader:
    """Reads pictures, and keeps what it took."""

    def __init__(self, models: Models, model: str) -> None:
        self._models = models
        self._model = model
        self.seconds: list[float] = []

    async def lines(self, image: Image.Image) -> list[str]:
        """With the scores of the settings' defaults."""
        picture, before = jpeg(image, 90), time.perf_counter()
        answer = await self._models.of_image(picture, "ocr", ("detection", "recognition"), self._model)
        self.seconds.append(time.perf_counter() - before)
        found = zip(answer["text"], answer["textScore"], strict=True)
        return [text for text, score in found if score >= 0.8]


def line(dice: random.Random, font: ImageFont.FreeTypeFont, width: float) -> str:
    """Some words, as many as fit."""
    words = [dice.choice(TEXT.split()) for _ in range(dice.randint(1, 6))]
    while len(words) > 1 and font.getlength(" ".join(words)) > width:
        words.pop()
    return " ".join(words)


def printed(dice: random.Random, size: int) -> Drawn:
    """A page of lines in one size."""
    page, font = Image.new("RGB", CANVAS, PAPER), ImageFont.load_default(size)
    draw, lines = ImageDraw.Draw(page), []
    for top in range(40, CANVAS[1] - 2 * size, 120):
        lines.append(line(dice, font, 1200))
        draw.text((60, top), lines[-1], font=font, fill=INK)
    return page, lines


def over_photo(dice: random.Random, ground: Image.Image) -> Drawn:
    """Lines of several sizes and colours over a photo, tilted by up to 20 degrees."""
    layer, lines, top = Image.new("RGBA", CANVAS), [], 60
    draw = ImageDraw.Draw(layer)
    while top < 950:
        size = dice.choice(SIZES[1:])
        font = ImageFont.load_default(size)
        lines.append(line(dice, font, 1100))
        draw.text((120 + dice.randint(0, 60), top), lines[-1], font=font, fill=(*dice.choice(COLOURS), 255))
        top += int(size * 2.2)
    layer = layer.rotate(dice.uniform(-20, 20), resample=Image.Resampling.BICUBIC)
    picture = ground.resize(CANVAS)
    picture.paste(layer, (0, 0), layer)
    return picture, lines


def read_of(wanted: Sequence[str], found: Sequence[str]) -> tuple[int, int]:
    """How many of the wanted are among the found, and how many there are."""
    return sum((Counter(wanted) & Counter(found)).values()), len(wanted)


def words(lines: Sequence[str]) -> list[str]:
    """Words without what stands around them."""
    bare = (word.strip(".,:;?!\"'“”-()") for text in lines for word in text.split())
    return [word for word in bare if word]


async def of_paper(reader: Reader) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each size, then each way of lying."""
    counts: dict[str, tuple[int, int]] = {}
    for size in SIZES:
        page, lines = printed(random.Random(size), size)
        counts[f"paper, {size} px"] = read_of(lines, await reader.lines(page))
    for turn in TURNS:
        page, lines = printed(random.Random(turn), 28)
        turned = page.rotate(turn, expand=True, resample=Image.Resampling.BICUBIC, fillcolor=PAPER)
        counts[f"paper, turned by {turn}"] = read_of(lines, await reader.lines(turned))
    return iter(counts.items())


async def of_photos(reader: Reader, there: dict[str, Picture]) -> dict[str, Any]:
    """Words in photos; and what is read where there are none."""
    truth = tomllib.loads(Path(__file__).with_name("text.toml").read_text())
    counts: dict[str, Any] = {}
    over = [0, 0]
    for seed, name in enumerate(name for name in GROUNDS if name in there):
        for again in range(2):
            picture, lines = over_photo(random.Random(10 * seed + again), there[name].image)
            read, amount = read_of(lines, await reader.lines(picture))
            over = [over[0] + read, over[1] + amount]
    counts["over photos"] = tuple(over)
    for name, text in truth["words"].items():
        if name in there:
            counts[f"words of {name}"] = read_of(words([text]), words(await reader.lines(there[name].image)))
    names = [name for name in truth["wordless"]["names"] if name in there]
    found = {name: await reader.lines(there[name].image) for name in names}
    counts["wordless"] = len(names)
    counts["read in wordless"] = {name: lines for name, lines in found.items() if lines}
    return counts


async def measure(models: Models, arguments: argparse.Namespace) -> dict[str, Any]:
    """All of it."""
    reader = Reader(models, arguments.model)
    result: dict[str, Any] = dict(await of_paper(reader))
    result |= await of_photos(reader, pictures(arguments.assets))
    result["seconds a picture (median, most)"] = [statistics.median(reader.seconds), max(reader.seconds)]
    result["MB, most"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return result


def show(result: dict[str, Any], arguments: argparse.Namespace) -> None:  # noqa: ARG001
    """One line each."""
    for name, value in result.items():
        print(f"{name}: {shown(*value) if isinstance(value, tuple) else value}")


if __name__ == "__main__":
    parser = options(__doc__)
    parser.set_defaults(model="PP-OCRv6_small")
    run(parser, measure, show)
