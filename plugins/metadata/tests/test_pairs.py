"""Live photos and motion photos in a running host: which video belongs to which still, however often they are read."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from immich_host.plugin_api.errors import JobFailed
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect

MakePhoto = Callable[..., Path]
MakeClip = Callable[..., Path]
MakeHalf = Callable[..., Path]


@pytest.fixture
def still(tmp_path: Path) -> MakeHalf:
    """Make the still of a live photo; exiftool makes no maker notes, so they are built here."""

    def make(identifier: str = "LIVE-1", name: str = "live.jpg", colour: str = "red") -> Path:
        text = identifier.encode() + b"\0"
        entry = b"\0\x11\0\x02" + len(text).to_bytes(4, "big") + (32).to_bytes(4, "big")
        tags = Image.Exif()
        tags[0x010F] = "Apple"
        tags.get_ifd(0x8769)[0x927C] = b"Apple iOS\0\0\1MM\0\1" + entry + bytes(4) + text
        Image.new("RGB", (40, 30), colour).save(tmp_path / name, exif=tags)
        return tmp_path / name

    return make


@pytest.fixture
def moving(clip: MakeClip) -> MakeHalf:
    """Make its video."""

    def make(identifier: str = "LIVE-1", name: str = "live.mov") -> Path:
        key = f"com.apple.quicktime.content.identifier={identifier}"
        return clip(name, "-movflags", "use_metadata_tags", "-metadata", key, "-metadata", f"comment={name}")

    return make


@pytest.fixture
def motion(photo: MakePhoto) -> Callable[[str, bytes], bytes]:
    """Make a motion photo around a video."""

    def make(name: str, video: bytes) -> bytes:
        path = photo(name, "-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(video)}")
        return path.read_bytes() + video

    return make


async def asset(host: RunningHost, asset_id: UUID) -> Any:
    found = await host.kernel.assets.get(asset_id)
    assert found is not None
    return found


async def video_of(host: RunningHost, asset_id: UUID) -> Any:
    return (await asset(host, asset_id)).live_photo_video_id


async def run(host: RunningHost, *asset_ids: UUID, job: str = "metadata.extract") -> None:
    for asset_id in asset_ids:
        await host.kernel.jobs.request(job, asset_id=asset_id, cause="all")
    await host.drain()


def videos(host: RunningHost) -> list[Path]:
    return sorted((host.kernel.files.media_root / "encoded-video").rglob("*.mp4"))


@pytest.mark.parametrize("order", [("still", "video"), ("video", "still")])
async def test_halves_find_each_other_whenever_they_are_read(
    host: MakeHost, still: MakeHalf, moving: MakeHalf, order: tuple[str, str]
) -> None:
    """Uploaded while nobody reads, then read in either order, one at a time."""
    server = await host(plugins=["metadata"])
    await server.turn_off("metadata")
    ids = {"still": await server.upload(still()), "video": await server.upload(moving())}
    await server.turn_on("metadata")
    for half in order:
        await run(server, ids[half])
    assert await video_of(server, ids["still"]) == ids["video"]
    assert (await asset(server, ids["video"])).visibility == "hidden"


async def test_three_stills_and_three_videos_stay_in_pairs(host: MakeHost, still: MakeHalf, moving: MakeHalf) -> None:
    server = await host(plugins=["metadata"])
    pairs = {}
    for number, colour in enumerate(("red", "green", "blue")):
        name = f"LIVE-{number}"
        pairs[await server.upload(still(name, f"{name}.jpg", colour))] = await server.upload(
            moving(name, f"{name}.mov")
        )
    await server.drain()
    assert {one: await video_of(server, one) for one in pairs} == pairs


async def test_a_second_copy_of_a_still_takes_no_video_away(host: MakeHost, still: MakeHalf, moving: MakeHalf) -> None:
    server = await host(plugins=["metadata"])
    first, video = await server.upload(still()), await server.upload(moving())
    await server.drain()
    second = await server.upload(still(name="edited.jpg", colour="blue"))
    await server.drain()
    await run(server, first, second, video)
    assert await video_of(server, first) == await video_of(server, second) == video


async def test_a_pair_that_a_person_took_apart_stays_so(host: MakeHost, still: MakeHalf, moving: MakeHalf) -> None:
    """Its caption is edited, so the sidecar is read: no reason to hide the video again."""
    server = await host(plugins=["sidecar", "metadata"])
    first, video = await server.upload(still()), await server.upload(moving())
    await server.drain()
    client = await server.client()
    expect(await client.put(f"/api/assets/{first}", json={"livePhotoVideoId": None}), 200)
    for asset_id in (first, video):
        expect(await client.put(f"/api/assets/{asset_id}", json={"description": "apart"}), 200)
    await server.drain()
    assert await video_of(server, first) is None
    assert (await asset(server, video)).visibility == "timeline"


async def test_a_new_identifier_links_at_any_reading(host: MakeHost, still: MakeHalf, moving: MakeHalf) -> None:
    server = await host(plugins=["metadata"])
    first, video = await server.upload(still("OTHER")), await server.upload(moving())
    await server.drain()
    assert await video_of(server, first) is None
    await asyncio.to_thread((await asset(server, first)).path.write_bytes, still(colour="red").read_bytes())
    await run(server, first, job="metadata.reread")
    assert await video_of(server, first) == video


async def test_one_video_in_two_stills_is_one_asset(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip
) -> None:
    """An edited copy of a motion photo carries the same video along."""
    server = await host(plugins=["metadata"])
    video = clip("inside.mp4").read_bytes()
    ids = [await server.upload(motion(name, video), name=name) for name in ("a.jpg", "b.png")]
    await server.drain()
    first, second = [await video_of(server, one) for one in ids]
    assert first == second is not None
    assert videos(server) == [(await asset(server, first)).path]


async def test_two_owners_have_videos_of_their_own(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip
) -> None:
    server = await host(plugins=["metadata"])
    content = motion("a.jpg", clip("inside.mp4").read_bytes())
    mine, theirs = await server.upload(content, name="a.jpg"), await server.upload(content, name="a.jpg", user="other")
    await server.drain()
    assert await video_of(server, mine) != await video_of(server, theirs)
    assert len(videos(server)) == 2


async def test_a_video_that_was_uploaded_is_only_linked(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip
) -> None:
    server = await host(plugins=["metadata"])
    path = clip("inside.mp4")
    uploaded = await server.upload(path)
    await server.drain()
    still_id = await server.upload(motion("a.jpg", path.read_bytes()), name="a.jpg")
    await server.drain()
    assert await video_of(server, still_id) == uploaded
    assert (await asset(server, uploaded)).visibility == "hidden"
    assert videos(server) == []


async def test_a_replaced_video_goes_with_its_file_and_its_quota(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip
) -> None:
    server = await host(plugins=["metadata"])
    old, new = clip("old.mp4").read_bytes(), clip("new.mp4", sound=False).read_bytes()
    still_id = await server.upload(motion("a.jpg", old), name="a.jpg")
    await server.drain()
    before = await asset(server, await video_of(server, still_id))
    await asyncio.to_thread((await asset(server, still_id)).path.write_bytes, motion("b.jpg", new))
    await run(server, still_id)
    after = await asset(server, await video_of(server, still_id))
    assert after.path.read_bytes() == new
    assert await server.kernel.assets.get(before.id) is None
    assert videos(server) == [after.path]
    db = server.kernel.db
    sizes = await db.fetchval("SELECT sum(file_size_in_byte) FROM asset_exif WHERE asset_id <> $1", still_id)
    assert sizes == len(new)
    usage = await db.fetchval('SELECT quota_usage_in_bytes FROM "user"')
    await run(server, still_id)
    assert await video_of(server, still_id) == after.id
    assert await db.fetchval('SELECT quota_usage_in_bytes FROM "user"') == usage


async def test_an_uploaded_video_that_is_replaced_is_shown_again(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip
) -> None:
    server = await host(plugins=["metadata"])
    path, new = clip("old.mp4"), clip("new.mp4", sound=False).read_bytes()
    uploaded = await server.upload(path)
    still_id = await server.upload(motion("a.jpg", path.read_bytes()), name="a.jpg")
    await server.drain()
    await asyncio.to_thread((await asset(server, still_id)).path.write_bytes, motion("b.jpg", new))
    await run(server, still_id)
    assert await video_of(server, still_id) != uploaded
    assert (await asset(server, uploaded)).visibility == "timeline"


async def test_another_still_keeps_the_video_that_this_one_gave_up(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip
) -> None:
    server = await host(plugins=["metadata"])
    old, new = clip("old.mp4").read_bytes(), clip("new.mp4", sound=False).read_bytes()
    first = await server.upload(motion("a.jpg", old), name="a.jpg")
    second = await server.upload(motion("b.png", old), name="b.png")
    await server.drain()
    shared = await video_of(server, second)
    await asyncio.to_thread((await asset(server, first)).path.write_bytes, motion("c.jpg", new))
    await run(server, first)
    assert await video_of(server, second) == shared != await video_of(server, first)
    assert (await asset(server, shared)).path.read_bytes() == old


async def test_a_crash_between_file_and_row_leaves_nothing_behind(
    host: MakeHost, motion: Callable[..., bytes], clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The video is on disk when the process dies; the next try ends as if that had not been."""
    server = await host(plugins=["metadata"])
    still_id = await server.upload(motion("a.jpg", clip("inside.mp4").read_bytes()), name="a.jpg")

    async def die(**_: Any) -> None:
        raise JobFailed("killed")

    with monkeypatch.context() as patch:
        patch.setattr(server.kernel.assets, "create", die)
        with pytest.raises(JobFailed, match="killed"):
            await server.drain()
    (left,) = videos(server)
    await run(server, still_id)
    video = await asset(server, await video_of(server, still_id))
    assert video.path == left
    assert video.id.version == 4
    assert videos(server) == [left]


async def test_tags_that_promise_a_video_which_is_not_there(host: MakeHost, photo: MakePhoto) -> None:
    server = await host(plugins=["metadata"])
    path = photo("a.jpg", "-XMP-GCamera:MicroVideo=1", "-XMP-GCamera:MicroVideoOffset=100")
    still_id = await server.upload(path)
    await server.drain()
    assert await video_of(server, still_id) is None
    assert list((server.kernel.files.media_root / "encoded-video").rglob("*.*")) in ([], [_immich(server)])


def _immich(host: RunningHost) -> Path:
    return host.kernel.files.media_root / "encoded-video" / ".immich"
