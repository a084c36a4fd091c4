"""Copies of a picture as people come to have them, and pages that only look alike."""

import io
import random
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

type Change = Callable[[Image.Image], Image.Image]


def _stored(image: Image.Image, format: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, format, quality=quality)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def _smaller(image: Image.Image, share: float) -> Image.Image:
    return image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))


def _cropped(image: Image.Image, share: float) -> Image.Image:
    """Without that share of each side."""
    left, top = round(image.width * share), round(image.height * share)
    return image.crop((left, top, image.width - left, image.height - top))


def _captioned(image: Image.Image) -> Image.Image:
    copy = image.copy()
    size = max(10, image.height // 12)
    ImageDraw.Draw(copy).text((size, image.height - 2 * size), "HOLIDAY", "white", ImageFont.load_default(size))
    return copy


SAME: Mapping[str, Change] = {
    "half the size": lambda image: _smaller(image, 0.5),
    "a quarter of the size": lambda image: _smaller(image, 0.25),
    "JPEG of quality 60": lambda image: _stored(image, "JPEG", 60),
    "JPEG of quality 25": lambda image: _stored(image, "JPEG", 25),
    "WebP of quality 60": lambda image: _stored(image, "WEBP", 60),
    "sent by a messenger": lambda image: _stored(_smaller(image, min(1, 1600 / max(image.size)) * 0.7), "JPEG", 70),
    "2 % cut off each side": lambda image: _cropped(image, 0.02),
    "5 % cut off each side": lambda image: _cropped(image, 0.05),
}
"""What is to be found as the same picture."""

EDITED: Mapping[str, Change] = {
    "10 % cut off each side": lambda image: _cropped(image, 0.10),
    "a little brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "without colours": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "with a word on it": _captioned,
    "mirrored": ImageOps.mirror,
    "turned by 90 degrees": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}
"""What may be found or not: people want it both ways."""

_WORDS = """
amount apple april autumn balance bank bread bridge candle city clock coast copper corner date delivery dinner
east estate evening forest garden glass harbour harvest house island item january journey kitchen lamp letter
market meadow milk mirror morning mountain number orange order paper pencil price quarter receipt river salt
school sender silver spring station street summer table ticket total train village violin water weather window
winter yellow
"""


def pages(amount: int) -> list[Image.Image]:
    """Letters of one sender: the same head, form and type, and other words."""
    result: list[Image.Image] = []
    words = _WORDS.split()
    for number in range(amount):
        generator = random.Random(number)
        page = Image.new("RGB", (900, 1270), "white")
        draw, font = ImageDraw.Draw(page), ImageFont.load_default(22)
        draw.rectangle((60, 60, 840, 130), fill=(40, 70, 120))
        draw.text((80, 78), "NORTHERN POWER COMPANY", "white", ImageFont.load_default(30))
        for line in range(30):
            text = ""
            while draw.textlength(text, font) < 650:
                text += generator.choice(words) + " "
            draw.text((70, 180 + 33 * line), text, "black", font)
        result.append(page)
    return result
