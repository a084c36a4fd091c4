"""Tables of a plugin's README compared with the plugin: what is there is named, what is named is there."""

import re
from collections.abc import Iterator, Sequence

from immich_host.checking.findings import Finding
from immich_host.checking.package import Package
from immich_host.checking.sections import leaves
from immich_host.hosting import Record

_CODE = re.compile(r"`([^`]+)`")


def readme(package: Package, record: Record) -> list[Finding]:
    """A README may do without tables; one headed `job`, `key` or `table` lists all there are, and no other."""
    text = package.readme
    jobs = {f"{record.name}.{job.name}" for job in record.brings.jobs}
    found = _compare("job", text, jobs)
    for section in record.brings.settings:
        if not section.__doc__:
            found.append(f"{section.__name__} has no docstring")
    keys = {key.removeprefix(f"{one.key}.") for one in record.brings.settings for key, _, _ in leaves(one, one.key)}
    found += _compare("key", text, keys)
    found += _compare("table", text, package.tables)
    return [Finding("readme", message) for message in found]


def _compare(head: str, text: str, real: set[str]) -> list[str]:
    cells = list(first_cells(text, head))
    if not cells:
        return []
    shown = {name for cell in cells for name in _full(_CODE.findall(cell))}
    return [f"README.md does not list the {head} {name}" for name in sorted(real - shown)] + [
        f"README.md lists the {head} {name}, which is not there" for name in sorted(shown - real)
    ]


def first_cells(text: str, head: str) -> Iterator[str]:
    """First cells of the rows of all tables whose first column is called `head`."""
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == head:
            inside = True
        elif inside and not set(cells[0]) <= set("-: "):
            yield cells[0]


def _full(names: Sequence[str]) -> Iterator[str]:
    """Names of a cell; one that begins with a dot lies beside the one before it."""
    above = ""
    for name in names:
        full = f"{above}{name}" if name.startswith(".") else name
        above = full.rpartition(".")[0]
        yield full
