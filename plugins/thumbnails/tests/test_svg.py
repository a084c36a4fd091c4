"""Drawings: drawn large enough, and never more than themselves."""

import base64
import io

import pytest
from PIL import Image

from immich_thumbnails import svg
from immich_thumbnails.errors import CannotRenderError, DamagedFileError, TooManyPixelsError
from immich_thumbnails.settings import ImageSettings, Preview

NAMES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


@pytest.fixture
def drawn(tmp_path, rendered, picture_of):
    def run(text: str, short_side: int = 144) -> Image.Image:
        path = tmp_path / "drawing.svg"
        path.write_text(text)
        result = rendered(path, settings=ImageSettings(preview=Preview(size=short_side)))
        return picture_of(result, "preview")[1]

    return run


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ('width="24" height="24"', (300, 300)),
        ('width="20in" height="10in"', (600, 300)),
        ('viewBox="0 0 10 20"', (300, 600)),
        ('viewBox="0,0,30,20" width="100%" height="100%"', (450, 300)),
        ('width="3000" height="2000"', (450, 300)),
        ("", (300, 300)),
    ],
)
def test_a_drawing_is_drawn_at_the_previews_size(size, wanted, drawn):
    image = drawn(
        f'<?xml version="1.0"?>\n<svg {NAMES} {size}><rect width="100%" height="100%" fill="lime"/></svg>', 300
    )
    assert image.size == wanted
    assert image.getpixel((image.width // 2, image.height // 2))[1] > 200


def test_what_shows_through_is_kept_in_the_thumbnail(tmp_path, rendered, picture_of):
    path = tmp_path / "drawing.svg"
    path.write_text(f'<svg {NAMES} width="30" height="30"><circle cx="15" cy="15" r="9" fill="red"/></svg>')
    result = rendered(path)
    assert picture_of(result, "thumbnail")[0].is_transparent
    assert picture_of(result, "preview")[1].getpixel((3, 3)) == (255, 255, 255)


def test_a_long_strip_is_drawn_smaller(drawn):
    image = drawn(f'<svg {NAMES} width="90000" height="9"><rect width="90000" height="9" fill="red"/></svg>')
    assert image.width * image.height <= 16_000_000


@pytest.mark.parametrize("name", ["href", "xlink:href"])
@pytest.mark.parametrize("reference", ["{path}", "file://{path}", "&f;", "other.png"])
def test_other_files_are_not_read(name, reference, tmp_path, drawn, monkeypatch):
    other = tmp_path / "other.png"
    Image.new("RGB", (50, 50), "red").save(other)
    monkeypatch.chdir(tmp_path)
    image = drawn(
        f'<!DOCTYPE svg [<!ENTITY f "{other}">]><svg {NAMES} width="50" height="50">'
        f'<image {name}="{reference.format(path=other)}" width="50" height="50"/></svg>'
    )
    assert image.getpixel((70, 70)) == (255, 255, 255)


def test_pictures_inside_are_drawn(drawn):
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(buffer, "PNG")
    dot = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    image = drawn(f'<svg {NAMES} width="50" height="50"><image href="{dot}" width="50" height="50"/></svg>')
    red, green, _ = image.getpixel((70, 70))
    assert (red > 200, green < 60) == (True, True)


def bomb() -> str:
    entities = "".join(f'<!ENTITY e{at + 1} "{f"&e{at};" * 10}">' for at in range(9))
    return f'<!DOCTYPE svg [<!ENTITY e0 "boom">{entities}]><svg {NAMES} width="9" height="9"><text>&e9;</text></svg>'


@pytest.mark.parametrize(
    "text",
    [
        bomb(),
        f'<svg {NAMES} width="9" height="9"><rect',
        f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg {NAMES}><text>&x;</text></svg>',
        "<html><p>no drawing</p></html>",
    ],
)
def test_what_cannot_be_drawn_says_why(text, drawn):
    with pytest.raises(CannotRenderError, match="the drawing cannot be drawn"):
        drawn(text)


def test_a_drawing_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    groups = "".join(f'<g id="g{at + 1}">{f'<use href="#g{at}"/>' * 10}</g>' for at in range(8))
    path = tmp_path / "drawing.svg"
    path.write_text(f'<svg {NAMES}><defs><g id="g0"><path d="M0 0h1"/></g>{groups}</defs><use href="#g8"/></svg>')
    monkeypatch.setattr(svg, "_SECONDS", 1.0)
    with pytest.raises(DamagedFileError):
        svg.draw(path, 100)


def test_a_file_too_large_for_a_drawing_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "drawing.svg"
    path.write_text(f'<svg {NAMES} width="9" height="9"/>')
    monkeypatch.setattr(svg, "_MOST_BYTES", 10)
    with pytest.raises(TooManyPixelsError):
        svg.draw(path, 100)
