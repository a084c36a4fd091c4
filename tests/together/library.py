"""The same few files for every account, and all that is known of them in the end, to be compared."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from immich_host.testing.host import expect
from tests.together.making import animation, camera_exif, clip, live_photo, picture
from tests.together.served import Person, Served

OWN = {
    *("id", "asset_id", "owner_id", "update_id", "updated_at", "created_at", "original_path", "live_photo_video_id"),
    *("duplicate_id",),
}
"""Columns in which equal assets of two accounts differ."""


def make_library(folder: Path) -> dict[str, bytes]:
    """Name -> content: stills, a clip, an animation and a live photo."""
    still, video = live_photo(folder, "LIBRARY")
    return {
        "live.mov": video,
        "live.heic": still,
        "camera.jpg": picture(exif=camera_exif(orientation=6)),
        "large.jpg": picture(size=(3000, 2000)),
        "plain.png": picture("png"),
        "moving.gif": animation(),
        "clip.mp4": clip(folder, "library.mp4").read_bytes(),
    }


async def upload_all(person: Person, library: dict[str, bytes]) -> dict[str, str]:
    """Name -> id."""
    ids = {}
    async with person.client() as client:
        for name, content in library.items():
            ids[name] = expect(await person.upload(content, name, client), 201)["id"]
    return ids


def _kept(row: Any) -> dict[str, Any]:
    return {name: value for name, value in dict(row).items() if name not in OWN}


async def _with_duplicate_id(served: Served, group_id: Any) -> list[str]:
    rows = await served.sql("SELECT original_file_name AS name FROM asset WHERE duplicate_id = $1", group_id)
    return sorted(row["name"] for row in rows)


async def state_of(served: Served, person: Person) -> dict[str, Any]:
    """Everything of an account's assets that does not depend on the account: rows, and bytes of files."""
    media = served.folder / "media"
    found: dict[str, Any] = {}
    for row in await served.sql("SELECT * FROM asset WHERE owner_id = $1::uuid", person.id):
        files = await served.sql("SELECT type, path FROM asset_file WHERE asset_id = $1 ORDER BY type", row["id"])
        [exif] = await served.sql("SELECT * FROM asset_exif WHERE asset_id = $1", row["id"])
        assert row["original_file_name"] not in found
        found[row["original_file_name"]] = {
            "asset": _kept(row),
            "duplicates": await _with_duplicate_id(served, row["duplicate_id"]),
            "paired": row["live_photo_video_id"] is not None,
            "exif": _kept(exif),
            "original": sha256((media / row["original_path"]).read_bytes()).hexdigest(),
            "files": {one["type"]: sha256((media / one["path"]).read_bytes()).hexdigest() for one in files},
        }
        if row["visibility"] == "hidden":  # it may have become half of a live photo before or after its pictures
            del found[row["original_file_name"]]["files"], found[row["original_file_name"]]["asset"]["thumbhash"]
    return found


async def check_no_stray_files(served: Served, person: Person) -> None:
    """Every file of the account has a row, and nothing is left half received."""
    media = served.folder / "media"
    rows = await served.sql(
        """SELECT original_path AS path FROM asset WHERE owner_id = $1::uuid
           UNION SELECT f.path FROM asset_file f JOIN asset a ON a.id = f.asset_id WHERE a.owner_id = $1::uuid""",
        person.id,
    )
    on_disk = {
        path.relative_to(media).as_posix()
        for kind in ("upload", "thumbs", "encoded-video")
        for path in (media / kind / person.id).rglob("*")
        if path.is_file()
    }
    assert on_disk == {row["path"] for row in rows}
    left = [path.name for path in (media / "incoming").rglob("*") if path.suffix in {".part", ".placing"}]
    assert left == []
