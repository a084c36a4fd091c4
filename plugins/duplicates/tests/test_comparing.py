"""Laying maps over each other: copies agree, what only looks alike does not."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from immich_duplicates.comparing import AGREEMENT, MAP_SIDE, agreement
from immich_duplicates.visual import details_of

Pictures = Callable[[str], Image.Image]
NAMES = "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"


def _smaller(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 3, image.height // 3))


def _cut(image: Image.Image) -> Image.Image:
    return image.crop((0, 0, round(image.width * 0.93), round(image.height * 0.93)))


def _lighter(image: Image.Image) -> Image.Image:
    return image.point(lambda value: min(255, round(value * 0.8 + 30)))


@pytest.mark.parametrize("change", [_smaller, _cut, _lighter])
@pytest.mark.parametrize("name", NAMES)
def test_copies_agree_whichever_is_first(
    picture: Pictures, name: str, change: Callable[[Image.Image], Image.Image]
) -> None:
    original = picture(name)
    one, other = details_of(original), details_of(change(original))
    assert agreement(one, other) >= AGREEMENT
    assert agreement(other, one) >= AGREEMENT


def test_different_pictures_do_not(picture: Pictures) -> None:
    maps = [details_of(picture(name)) for name in NAMES]
    assert max(agreement(one, other) for one in maps for other in maps if one is not other) < 0.3


def test_the_next_step_to_the_side_is_another_picture(picture: Pictures) -> None:
    assert agreement(details_of(picture("motorcycle_left.png")), details_of(picture("motorcycle_right.png"))) < 0.3
    wide = picture("rocket.jpg")
    left, right = (wide.crop((x, 0, x + wide.width * 4 // 5, wide.height)) for x in (0, wide.width // 5))
    assert agreement(details_of(left), details_of(right)) < AGREEMENT
    assert agreement(details_of(wide), details_of(ImageOps.mirror(wide))) < AGREEMENT


def _page(words: str) -> Image.Image:
    image = Image.new("RGB", (1000, 1400), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(30)
    text = words.split()
    for line in range(30):
        shifted = text[line % len(text) :] + text[: line % len(text)]
        draw.text((80, 80 + line * 42), " ".join(shifted)[:50], fill="black", font=font)
    return image


def test_pages_of_text_differ_by_their_text() -> None:
    one = details_of(_page("once upon a time there was a server in a small house by the sea and it kept photos"))
    other = details_of(_page("nobody reads instructions before something breaks so write them for that very moment"))
    assert agreement(one, one) > AGREEMENT
    assert agreement(one, other) < AGREEMENT


@pytest.mark.parametrize(("one", "other", "is_same"), [(0, 3, True), (0, 255, False), (120, 121, True)])
def test_of_plain_pictures_the_grey_decides(one: int, other: int, is_same: bool) -> None:
    maps = [bytes([grey]) * MAP_SIDE**2 for grey in (one, other)]
    assert (agreement(*maps) >= AGREEMENT) is is_same


def test_a_plain_picture_is_not_one_that_shows_something(picture: Pictures) -> None:
    plain = bytes([120]) * MAP_SIDE**2
    assert agreement(plain, details_of(picture("coffee.png"))) == 0
