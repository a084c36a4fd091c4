"""Paths that templates make of any names at all."""

import os
import random
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from immich_storage_template.language import BadTemplate, parse
from immich_storage_template.naming import Name, extension, name, stem_of
from immich_storage_template.sanitizing import sanitized
from immich_storage_template.settings import checked
from immich_storage_template.variables import KNOWN, OPTIONS, PRESETS, Album, Subject, tokens, values

MOMENT = datetime(2024, 5, 1, 0, 7, 8, 45_678, tzinfo=UTC)
ODD = [
    *("..", ".", "...", "", " ", "a.", "a ", "nul.", "con", "COM1.txt", "a/b", "../../etc/passwd", "/abs", "a\\b"),
    *("ä" * 300, "日本" * 100, "x" * 500, "🎉" * 100, "a:b*c?", "+1", "photo+1", ".hidden", "a\nb", "\u202e", "\ud800"),
    *("\x00", "\x1f", "NUL", "~", "-rf", "%2e%2e", "{{y}}", "é", "é".encode().decode("latin-1"), "ﬁ", "İ", ".immich"),
]  # fmt: skip


def subject(**changes: object) -> Subject:
    given = {
        "asset_id": uuid4(), "filename": "IMG_1", "ext": "jpg", "is_image": True, "created": MOMENT,
        "make": "Make", "model": "Model", "lens_model": "Lens", "album": None,
    }  # fmt: skip
    return Subject(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("token", "text"),
    {
        "y": "2024", "yy": "24", "M": "5", "MM": "05", "MMM": "May", "MMMM": "May", "W": "18", "WW": "18", "d": "1",
        "dd": "01", "h": "12", "hh": "12", "H": "0", "HH": "00", "m": "7", "mm": "07", "s": "8", "ss": "08",
        "SSS": "045",
    }.items(),
)  # fmt: skip
def test_tokens(token: str, text: str) -> None:
    assert tokens(MOMENT)[token] == text


def test_every_token_is_offered_and_has_a_value() -> None:
    assert set(tokens(MOMENT)) == {token for offered in OPTIONS.values() for token in offered}
    assert set(values(subject())) == KNOWN
    assert tokens(datetime(2024, 9, 3, 13, tzinfo=UTC))["MMM"] == "Sep"
    assert tokens(datetime(2024, 9, 3, 13, tzinfo=UTC))["hh"] == "01"
    assert tokens(datetime(2021, 1, 3, tzinfo=UTC))["WW"] == "53"


def test_variables() -> None:
    found = values(subject(is_image=False, ext="mp4", album=Album("A. B..: C/D", MOMENT, None)))
    assert (found["filetype"], found["filetypefull"], found["ext"]) == ("VID", "VIDEO", "mp4")
    assert found["assetId"].endswith(found["assetIdShort"])
    assert len(found["assetIdShort"]) == 12
    assert (found["album"], found["album-startDate-MM"], found["album-endDate-MM"]) == ("A B CD", "05", "")
    assert values(subject())["album-startDate-y"] == values(subject())["album"] == ""


def test_presets_are_usable_and_the_first_is_the_default() -> None:
    assert all(checked(preset) for preset in PRESETS)
    assert len(set(PRESETS)) == len(PRESETS)


@pytest.mark.parametrize(
    ("path", "ext"),
    [
        ("a.JPG", "jpg"), ("a.jpeg", "jpg"), ("a.jpe", "jpg"), ("a.tif", "tiff"), ("a.3gpp", "3gp"), ("a.MPEG", "mpg"),
        ("a.mpe", "mpg"), ("a.m2ts", "mts"), ("a.m2t", "mts"), ("a.HEIC", "heic"), ("a", ""), ("a.b.mp4", "mp4"),
    ],
)  # fmt: skip
def test_extensions(path: str, ext: str) -> None:
    assert extension(path) == ext


@pytest.mark.parametrize(("given", "stem"), [("a.jpg", "a"), ("a.tar.gz", "a.tar"), (".jpg", ""), ("a", "a"), ("", "")])
def test_stems(given: str, stem: str) -> None:
    assert stem_of(given) == stem


@pytest.mark.parametrize("odd", ODD)
def test_no_value_leads_anywhere(odd: str) -> None:
    for field in ("filename", "make", "model", "lens_model"):
        made = name(parse("{{y}}/{{filename}}{{make}}{{model}}{{lensModel}}"), subject(**{field: odd}))
        assert made.stem.startswith("2024/")
        assert made.stem.count("/") == 1
    found = name(parse("{{album}}/{{filename}}"), subject(album=Album(odd, None, None), filename=odd))
    assert ".." not in found.stem.split("/")
    assert not found.stem.startswith("/")


def test_random_names_lie_inside_fit_and_are_found_again(tmp_path: Path) -> None:
    chance = random.Random(2)
    alphabet = [*"abcABC.. /\\:*?\"<>|+~-_%{}'", "ä", "日", "🎉", "\u0301", "\n", "\x00", "\x7f", "\u200f"]
    template = parse("{{#if album}}{{album}}{{else}}{{make}}{{/if}}/{{model}}/{{filename}}")
    for number in range(400):
        words = ["".join(chance.choices(alphabet, k=chance.choice([0, 1, 3, 20, 300]))) for _ in range(4)]
        made = name(
            template,
            subject(
                filename=words[0],
                make=words[1],
                model=words[2],
                album=chance.choice([None, Album(words[3], None, None)]),
            ),
        )
        for suffix in ("", "+1", "+99999"):
            path = tmp_path / f"{made.numbered(suffix)}.xmp"
            assert Path(os.path.normpath(path)).is_relative_to(tmp_path)
            assert made.number_of(made.numbered(suffix)) == suffix
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(str(number))
            path.unlink()
        assert name(template, subject(filename=words[0], make=words[1], model=words[2], album=None)).ext == "jpg"


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("a/b.jpg", ""), ("a/b+1.jpg", "+1"), ("a/b+12.jpg", "+12"), ("a/b+0.jpg", None), ("a/b+01.jpg", None),
        ("a/b+.jpg", None), ("a/b+1.png", None), ("a/b+1+1.jpg", None), ("a/bc.jpg", None), ("a/b+x.jpg", None),
        ("a/b", None), ("b.jpg", None), ("a/b+\uff11.jpg", None), ("a/B.jpg", None),
    ],
)  # fmt: skip
def test_which_names_differ_by_their_number_alone(path: str, number: str | None) -> None:
    assert Name("a/b", "jpg").number_of(path) == number


def test_what_is_left_without_a_name_is_named_by_its_id() -> None:
    given = subject(filename="..")
    assert name(parse("{{y}}/{{filename}}"), given).numbered() == f"2024/{given.asset_id}.jpg"
    assert name(parse("{{filename}}"), given).numbered() == f"{given.asset_id}.jpg"


@pytest.mark.parametrize("source", ["a/../{{filename}}", "../{{filename}}", "{{y}}/..", ".{{album}}./{{filename}}"])
def test_a_template_that_leads_out_is_refused(source: str) -> None:
    with pytest.raises(BadTemplate, match="leads out"):
        checked(source)


@pytest.mark.parametrize("source", ["", " ", "/", "a\nb/{{filename}}", "\x00{{y}}", "{{nothing}}", "{{#if y}}"])
def test_other_templates_that_cannot_be_used(source: str) -> None:
    with pytest.raises(BadTemplate):
        checked(source)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("//{{y}}///{{filename}}", "2024/IMG_1"), ("./{{y}}/./{{filename}}", "2024/IMG_1"),
        ("{{album}}/{{filename}}", "IMG_1"), ("{{y}}/x/", None),
    ],
)  # fmt: skip
def test_empty_folders_vanish(given: str, made: str | None) -> None:
    one = subject()
    assert name(parse(given), one).stem == (made or f"2024/x/{one.asset_id}")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("a.", "a"),
        ("a. .", "a"),
        ("con", ""),
        ("Con.txt", ""),
        ("COM9", ""),
        ("com10", "com10"),
        ("..", ""),
        ("a..b", "a..b"),
    ],
)
def test_sanitizing(given: str, made: str) -> None:
    assert sanitized(given) == made
