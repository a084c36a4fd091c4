"""All that is kept of an account in the end: every row and every file, free of what differs by account and time."""

import re
from collections import defaultdict
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.together.served import Person, Served

WHEN = {"created_at", "updated_at", "update_id", "finished_at"}
"""Columns that say when a row was written."""
MARKS = {"asset_job_status"}
"""Tables of moments, of which only counts whether they have come."""
NOBODYS = "nobody's"
"""Under this name stand files that no row names."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHARDS = re.compile(r"/[0-9a-f]{2}/[0-9a-f]{2}(?=/<)")

State = dict[str, dict[str, Any]]
"""Asset's file name -> table or file -> rows or checksum."""


class _Names:
    """Words in place of ids."""

    def __init__(self, owner: str, assets: list[Any]) -> None:
        self.of = {owner: "<owner>"} | {str(row["id"]): f"<{row['original_file_name']}>" for row in assets}
        for row in assets:  # what was uploaded has a random name of its own
            self.of.setdefault(Path(row["original_path"]).stem, f"<{row['original_file_name']}>")

    def put(self, value: Any) -> Any:
        if isinstance(value, UUID):
            return self.of.get(str(value), "<id>")
        if isinstance(value, str):
            return _SHARDS.sub("", _UUID.sub(lambda found: self.of.get(found[0], "<id>"), value))
        return [self.put(each) for each in value] if isinstance(value, list) else value


async def end_state(served: Served, person: Person) -> State:
    """Rows of every table that has assets, and files of every folder."""
    assets = await served.sql("SELECT * FROM asset WHERE owner_id = $1::uuid", person.id)
    names = _Names(person.id, assets)
    found: State = defaultdict(dict)
    for table in await _tables_of_assets(served):
        key = "id" if table == "asset" else "asset_id"
        rows = await served.sql(
            f'SELECT {key} AS of_asset, t.* FROM "{table}" AS t '
            f"WHERE {key} IN (SELECT id FROM asset WHERE owner_id = $1::uuid)",
            person.id,
        )
        for row in rows:
            name = names.put(row["of_asset"])
            found[name].setdefault(table, []).append(_kept(table, row, names))
    for of_asset in found.values():
        for rows in of_asset.values():
            rows.sort(key=repr)
    paths = await _paths(served, person)
    media = served.folder / "media"
    for path in _files(media, person.id):
        name = names.put(paths.get(path.relative_to(media).as_posix(), NOBODYS))
        found[name][names.put(path.relative_to(media).as_posix())] = sha256(path.read_bytes()).hexdigest()
    [used] = await served.sql('SELECT quota_usage_in_bytes FROM "user" WHERE id = $1::uuid', person.id)
    found["<owner>"]["user"] = dict(used)
    return dict(found)


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What is other than it should be, one line for each column or file."""
    lines: list[str] = []
    for key in sorted(found.keys() | wanted.keys()):
        one, other = found.get(key), wanted.get(key)
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            lines += [
                f"{key}.{column}: {row[column]!r}, not {should[column]!r}"
                for row, should in zip(one, other, strict=True)
                for column in row
                if row[column] != should[column]
            ]
        elif one != other:
            lines.append(f"{key}: {one!r}, not {other!r}")
    return lines


async def left_undone(served: Served) -> list[str]:
    """Jobs that have failed for good, moves that have not ended, files that are half received or written."""
    rows = await served.sql("SELECT job, arguments, error FROM job_request WHERE failed_at IS NOT NULL")
    found = [f"{row['job']} {row['arguments']}: {row['error']}" for row in rows]
    if await served.sql("SELECT FROM pg_tables WHERE tablename = 'move_history'"):
        found += [repr(row) for row in await served.sql("SELECT * FROM move_history")]
    for path in (served.folder / "media").rglob("*"):
        half = path.suffix in {".part", ".placing", ".xmp-part"} or (path.name[0] == "." and path.is_file())
        if half and path.name not in {".immich", ".lock"}:
            found.append(str(path))
    return found


async def _tables_of_assets(served: Served) -> list[str]:
    rows = await served.sql(
        """SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_name)
           WHERE column_name = 'asset_id' AND table_type = 'BASE TABLE' AND tables.table_schema = 'public'
             AND table_name NOT LIKE '%audit' ORDER BY 1"""
    )
    return ["asset", *(row["table_name"] for row in rows)]


def _kept(table: str, row: Any, names: _Names) -> dict[str, Any]:
    kept = {}
    for column, value in row.items():
        if table in MARKS and column.endswith("_at"):
            kept[column] = value is not None
        elif column not in WHEN:
            kept[column] = names.put(value)
    return kept


async def _paths(served: Served, person: Person) -> dict[str, UUID]:
    rows = await served.sql(
        """SELECT original_path AS path, id FROM asset WHERE owner_id = $1::uuid
           UNION SELECT f.path, a.id FROM asset_file f JOIN asset a ON a.id = f.asset_id
           WHERE a.owner_id = $1::uuid""",
        person.id,
    )
    return {row["path"]: row["id"] for row in rows}


def _files(media: Path, owner_id: str) -> list[Path]:
    return [path for path in sorted(media.rglob("*")) if path.is_file() and owner_id in path.parts]
