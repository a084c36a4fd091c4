import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from immich_host.runtime.binaries import Binaries
from immich_sidecar.fields import assignments
from immich_sidecar.writing import NotWritten, Overtaken, Version, replace, with_tags

WHEN = datetime(2024, 7, 1, 10, 0, 0, tzinfo=UTC)
EXIF: dict[str, Any] = {
    "description": "new",
    "date_time_original": WHEN,
    "time_zone": "Europe/Berlin",
    "latitude": 48.137,
    "longitude": -11.575,
    "rating": 4,
    "tags": ["A/B", "C"],
}
ALL = frozenset({"description", "dateTimeOriginal", "timeZone", "latitude", "longitude", "rating", "tags"})
WRITTEN = ("dc:description/rdf:Alt/rdf:li.1", "xmp:Rating")
ReadTags = Callable[[Path], dict[str, Any]]


async def write(programs: Binaries, path: Path, locked: frozenset[str], **exif: Any) -> frozenset[str]:
    assert programs.exiftool
    lines, written = assignments(locked, EXIF | exif)
    seen = Version.of(path)
    replace(path, await with_tags(programs.exiftool, lines, path), seen)
    return written


async def test_all_fields_go_into_a_new_file(programs: Binaries, tmp_path: Path, tags: ReadTags) -> None:
    path = tmp_path / "photo.jpg.xmp"
    assert await write(programs, path, ALL) == ALL
    found = tags(path)
    assert found["Description"] == found["ImageDescription"] == "new"
    assert found["DateTimeOriginal"] == "2024:07:01 12:00:00+02:00"
    assert (found["GPSLatitude"], found["GPSLongitude"]) == (48.137, -11.575)
    assert found["Rating"] == 4
    assert found["TagsList"] == ["A/B", "C"]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


async def test_what_is_not_locked_is_kept(programs: Binaries, stranger: Path, tags: ReadTags) -> None:
    assert await write(programs, stranger, frozenset({"rating"})) == {"rating"}
    found = tags(stranger)
    assert found["Rating"] == 4
    assert found["Description"] == "old"
    assert found["Creator"] == "Somebody"
    assert found["History"] == "kept"
    assert "DateTimeOriginal" not in found


@pytest.mark.parametrize(
    "text", ["a\nb\r\nc", "$x @y \\n 'q' \"d\" <b>&amp;", "#[CSTR]\\n", "  spaces  ", "ümläut 日本 🎉", "-all="]
)
async def test_any_caption_is_written_as_it_is(programs: Binaries, stranger: Path, tags: ReadTags, text: str) -> None:
    await write(programs, stranger, frozenset({"description", "tags"}), description=text, tags=[text])
    found = tags(stranger)
    assert found["Description"] == text
    assert found["TagsList"] == text


async def test_emptied_fields_are_written_empty(programs: Binaries, stranger: Path, tags: ReadTags) -> None:
    await write(programs, stranger, frozenset({"description", "tags", "rating"}), description="", tags=[], rating=None)
    found = tags(stranger)
    assert found["Description"] == ""
    assert found["TagsList"] == ""
    assert found["Rating"] == 0


def test_a_removed_place_stays_locked() -> None:
    lines, written = assignments(frozenset({"latitude", "longitude", "dateTimeOriginal"}), EXIF | {"latitude": None})
    assert written == {"dateTimeOriginal"}
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", "2024-07-01T12:00:00+02:00"),
        ("UTC+5:30", "2024-07-01T15:30:00+05:30"),
        ("UTC-3", "2024-07-01T07:00:00-03:00"),
        ("UTC", "2024-07-01T10:00:00+00:00"),
        (None, "2024-07-01T10:00:00+00:00"),
        ("Nowhere/Land", "2024-07-01T10:00:00+00:00"),
    ],
)
def test_dates_carry_their_zone(zone: str | None, expected: str) -> None:
    lines, _ = assignments(frozenset({"timeZone"}), EXIF | {"time_zone": zone})
    assert lines == [f"-XMP-exif:DateTimeOriginal={expected}"]


def test_fractions_of_a_second_are_kept() -> None:
    moment = WHEN.replace(microsecond=120000)
    lines, _ = assignments(frozenset({"dateTimeOriginal"}), EXIF | {"date_time_original": moment})
    assert lines[0].endswith("12:00:00.12+02:00")


async def test_a_file_that_is_no_xmp_is_left_alone(programs: Binaries, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg.xmp"
    path.write_bytes(b"hello\n")
    with pytest.raises(NotWritten, match=r"photo\.jpg\.xmp"):
        await write(programs, path, ALL)
    assert path.read_bytes() == b"hello\n"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


async def test_an_empty_file_is_started_anew(programs: Binaries, tmp_path: Path, tags: ReadTags) -> None:
    path = tmp_path / "photo.jpg.xmp"
    path.touch()
    await write(programs, path, frozenset({"rating"}))
    assert tags(path)["Rating"] == 4


async def test_writing_twice_is_writing_once(programs: Binaries, stranger: Path) -> None:
    await write(programs, stranger, ALL)
    once = stranger.read_bytes()
    await write(programs, stranger, ALL)
    assert stranger.read_bytes() == once


async def test_develop_settings_and_all_else_are_kept(
    programs: Binaries, developed: Path, properties: Callable[[Path], dict[str, str]]
) -> None:
    """Every property of a file by darktable, Lightroom and somebody unknown, but for those that are written."""
    before = properties(developed)
    assert await write(programs, developed, ALL) == ALL
    after = properties(developed)
    assert {key: after.get(key) for key in before if not key.startswith(WRITTEN)} == {
        key: value for key, value in before.items() if not key.startswith(WRITTEN)
    }
    added = {key.split("/")[0] for key in after.keys() - before.keys()}
    assert added == {
        "exif:DateTimeOriginal", "exif:GPSLatitude", "exif:GPSLongitude", "tiff:ImageDescription", "digiKam:TagsList",
    }  # fmt: skip
    assert after["dc:description/rdf:Alt/rdf:li.1"] == "new"
    assert after["dc:description/rdf:Alt/rdf:li.2"] == "vieux", "other languages of the caption stay"


def test_a_file_changed_by_another_program_is_not_overwritten(stranger: Path) -> None:
    seen = Version.of(stranger)
    stranger.write_text(stranger.read_text().replace("kept", "later"))
    with pytest.raises(Overtaken):
        replace(stranger, b"new", seen)
    assert "later" in stranger.read_text()
    stranger.unlink()
    with pytest.raises(Overtaken):
        replace(stranger, b"new", seen)
    assert list(stranger.parent.iterdir()) == []


def test_rights_and_links_stay(stranger: Path) -> None:
    stranger.chmod(0o640)
    link = stranger.with_name("link.xmp")
    link.symlink_to(stranger.name)
    replace(link, b"new", Version.of(link))
    assert link.is_symlink()
    assert stranger.read_bytes() == b"new"
    assert stranger.stat().st_mode & 0o777 == 0o640


KILLED = """
import os, signal, sys
from pathlib import Path
from immich_sidecar import writing
target, at = Path(sys.argv[1]), int(sys.argv[2])
lines = 0
def trace(frame, event, argument):
    global lines
    if frame.f_code is not writing.replace.__code__:
        return None
    if event == "line":
        lines += 1
        if lines == at:
            os.kill(os.getpid(), signal.SIGKILL)
    return trace
seen = writing.Version.of(target)
sys.settrace(trace)
writing.replace(target, b"new" * 1000, seen)
"""


@pytest.mark.parametrize("old", [b"old" * 900, None])
def test_kill_9_at_any_line_leaves_the_old_file_or_the_new_one(tmp_path: Path, old: bytes | None) -> None:
    target = tmp_path / "photo.jpg.xmp"
    ends: list[bytes | None] = []
    for line in range(1, 60):
        target.unlink(missing_ok=True)
        if old is not None:
            target.write_bytes(old)
        done = subprocess.run([sys.executable, "-c", KILLED, str(target), str(line)], check=False)
        ends.append(target.read_bytes() if target.exists() else None)
        replace(target, b"again", Version.of(target))
        assert [each.name for each in tmp_path.iterdir()] == [target.name], "the next run clears up"
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    at = ends.index(b"new" * 1000)
    assert set(ends[:at]) == {old}
    assert set(ends[at:]) == {b"new" * 1000}
    assert 8 < at < len(ends) - 3
