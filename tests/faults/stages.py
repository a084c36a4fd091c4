"""The stages of a photo's way, one file for each, and how a library is brought to all of them at once."""

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx

from immich_host.testing.host import expect
from immich_host.testing.waiting import PATIENCE
from tests.faults.holding import Holding
from tests.together.library import upload_all
from tests.together.making import camera_exif, clip, picture
from tests.together.served import Person, Served, until

XMP = b"""<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='5'/></rdf:RDF></x:xmpmeta>"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, its files, and the job that is at work on them, which `saves` to this table what it has made.

    `edited` ones come to it by an edit.
    """

    name: str
    files: tuple[str, ...]
    job: str | None
    saves: str = "asset"
    edited: bool = False

    @property
    def is_there(self) -> bool:
        """Whether the plugin that does the work is installed."""
        return self.job is None or self.job.split(".")[0] in {each.name for each in entry_points(group=_GROUP)}


_GROUP = "immich_host.plugins"
STAGES = [
    stage
    for stage in (
        Stage("received", ("received.jpg",), None),
        Stage("created", ("created.jpg",), "sidecar.discover", "claim"),
        Stage("gathered", ("gathered.jpg", "gathered.mp4"), "metadata.extract"),
        Stage("described", ("described.jpg",), "storage_template.move"),
        Stage("placed", ("placed.jpg", "placed.mp4"), "thumbnails.generate", "asset_file"),
        Stage("viewable", ("viewable.mkv",), "transcode.encode", "asset_file"),
        Stage("located", ("located.jpg",), "map.locate", "asset_exif"),
        Stage("edited", ("edited.jpg",), "sidecar.write", "asset_exif", edited=True),
        Stage("reread", ("reread.jpg",), "metadata.reread", "asset_job_status", edited=True),
    )
    if stage.is_there
]


def make_library(folder: Path) -> dict[str, bytes]:
    """Name -> content, the same for every account."""
    made: dict[str, bytes] = {}
    for stage in STAGES:
        for name in stage.files:
            if name.endswith(".jpg"):
                made[name] = picture(size=(900, 600), exif=camera_exif(orientation=6))
            else:
                options = ("-c:v", "mpeg4") if name.endswith(".mkv") else ()
                made[name] = clip(folder, name, *options).read_bytes()
    return made


async def send_until_taken(person: Person, name: str, content: bytes) -> str:
    """As the app does: what was not taken is sent again; the asset's id."""

    async def taken() -> Any:
        try:
            answer = await person.upload(content, name)
        except httpx.HTTPError:
            return None
        assert answer.status_code in {200, 201} or answer.status_code >= 500, answer.text
        return answer.json()["id"] if answer.status_code in {200, 201} else None

    return await until(taken, 3 * PATIENCE)


async def bring(served: Served, person: Person, library: dict[str, bytes], holding: Holding, *, begun: bool) -> None:
    """Bring a file to each stage and hold it there; all stand when this returns.

    With `begun` they stand in the middle of their jobs, before what was made is saved; else at the beginning.

    The furthest stage first: some queues run one job at a time, and nothing comes by one that is held. A stage's
    further files are on their way, wherever they have come to.
    """
    edited = {name: library[name] for stage in STAGES if stage.edited for name in stage.files}
    ids = await upload_all(person, edited)
    await served.idle()
    for stage in reversed(STAGES):
        if stage.job is None:
            continue
        await holding.hold(stage.files[0], stage.job, stage.saves if begun else "claim")
        if stage.edited:
            await edit(person, ids[stage.files[0]], stage.files[0])
        else:
            ids |= await upload_all(person, {name: library[name] for name in stage.files})
        await holding.all_held()
    asset = await person.get(f"/assets/{ids['created.jpg']}")  # whose sidecar is going to be found
    Path(asset["originalPath"] + ".xmp").write_bytes(XMP)


async def edit(person: Person, asset_id: str, name: str) -> None:
    """What a person changes."""
    async with person.client() as client:
        change = {"description": f"mine: {name}", "rating": 2}
        expect(await client.put(f"/api/assets/{asset_id}", json=change), 200)
