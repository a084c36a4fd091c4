from pathlib import Path

import pytest

from immich_sidecar.finding import find, target


@pytest.mark.parametrize(
    ("files", "stored", "expected"),
    [
        ((), None, None),
        (("a.jpg.xmp",), None, "a.jpg.xmp"),
        (("a.xmp",), None, "a.xmp"),
        (("a.xmp", "a.jpg.xmp"), None, "a.jpg.xmp"),
        (("a.xmp", "a.jpg.xmp", "own.xmp"), "own.xmp", "own.xmp"),
        (("a.xmp",), "gone.xmp", "a.xmp"),
        ((), "gone.xmp", None),
        (("a.JPG.xmp",), None, None),
    ],
)
def test_the_best_candidate_is_found(
    tmp_path: Path, files: tuple[str, ...], stored: str | None, expected: str | None
) -> None:
    for name in files:
        (tmp_path / name).touch()
    found = find(tmp_path / "a.jpg", tmp_path / stored if stored else None)
    assert found == (tmp_path / expected if expected else None)


def test_a_folder_is_no_sidecar(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.xmp").mkdir()
    assert find(tmp_path / "a.jpg", None) is None


def test_where_edits_go(tmp_path: Path) -> None:
    assert target(tmp_path / "a.jpg", None) == tmp_path / "a.jpg.xmp"
    assert target(tmp_path / "a.jpg", tmp_path / "b.xmp") == tmp_path / "b.xmp"
