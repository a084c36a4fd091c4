"""Who may watch, what is kept and for how long, and what is left when something ends."""

import asyncio
import os
from collections.abc import Callable, Sequence
from types import ModuleType
from uuid import UUID, uuid4

import httpx
import pytest

from immich_host.hosting import Record
from immich_host.plugin_api import Caller, Plugin, hookimpl
from immich_host.plugin_api.web import SharedLinkView
from immich_host.testing.host import RunningHost, expect
from immich_transcode import hls_store, hls_streams
from immich_transcode.hls_run import AHEAD, RESUME
from immich_transcode.hls_streams import Streams
from immich_transcode.running import NICENESS
from plugins.transcode.tests.conftest import X264
from plugins.transcode.tests.hls_served import (
    encoders,
    ffmpegs,
    files_of,
    stream_all,
    streams_of,
    until,
    variants_in,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

SMALL = "testsrc2=s=96x64:r=25"


class Watching:
    """Somebody who watches a video."""

    def __init__(self, client: httpx.AsyncClient, asset_id: UUID) -> None:
        self.client = client
        self.base = f"/api/assets/{asset_id}/video/stream"
        self.session = ""

    async def begin(self) -> "Watching":
        answer = await self.client.get(f"{self.base}/main.m3u8")
        assert answer.status_code == 200, answer.text
        self.session = variants_in(answer.text)[0].split("/")[0]
        return self

    async def get(self, name: str, variant: int = 0, client: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (client or self.client).get(f"{self.base}/{self.session}/{variant}/{name}")

    async def end(self) -> httpx.Response:
        return await self.client.delete(f"{self.base}/{self.session}")


@pytest.fixture
def watching(host, clip) -> Callable[..., object]:
    """Start a host and somebody who watches a video on it."""

    async def make(*, seconds: float = 12, picture: str = SMALL, **options: object) -> tuple[RunningHost, Watching]:
        running = await host(plugins=["transcode"], **options)
        await stream_all(running)
        asset_id = await running.upload(clip("a.mp4", *X264, picture=picture, seconds=seconds, sound=False))
        return running, await Watching(await running.client(), asset_id).begin()

    return make


async def sessions(running: RunningHost) -> int:
    return await running.kernel.db.fetchval("SELECT count(*) FROM video_stream_session")


# -- who may


def requests_of(watching: Watching) -> list[tuple[str, str]]:
    inner = f"{watching.base}/{watching.session}"
    return [
        ("GET", f"{watching.base}/main.m3u8"),
        ("GET", f"{inner}/0/playlist.m3u8"),
        ("GET", f"{inner}/0/init.mp4"),
        ("GET", f"{inner}/0/seg_0.m4s"),
        ("DELETE", inner),
    ]


async def test_nobody_watches_what_they_may_not_see(watching):
    running, seen = await watching()
    anonymous, stranger = running.anonymous(), await running.client("ben")
    without, reader = await running.key_client("asset.read"), await running.key_client("asset.view")
    denied = {"message": "Not found or no asset.view access"}
    for method, path in requests_of(seen):
        assert expect(await anonymous.request(method, path), 401)
        assert expect(await stranger.request(method, path), 400) == denied
        assert expect(await without.request(method, path), 403) == {
            "message": "Missing required permission: asset.view"
        }
    assert await sessions(running) == 1
    assert files_of(running) == []
    for method, path in requests_of(seen):
        assert (await reader.request(method, path)).status_code in {200, 204}


async def test_a_shared_link_lets_in_and_stays_in_the_addresses(watching):
    shown: set[UUID] = set()
    running, seen = await watching(records=[sharing(shown)])
    guest = running.anonymous()
    path = f"{seen.base}/main.m3u8"
    assert expect(await guest.get(path, params={"key": "good"}), 400)
    shown.add(UUID(seen.base.split("/")[3]))
    answer = await guest.get(path, params={"key": "good", "x": "y"})
    [first, *_] = variants_in(answer.text)
    assert first.endswith("/0/playlist.m3u8?key=good")
    playlist = await guest.get(f"{seen.base}/{first}")
    assert variants_in(playlist.text)[0] == "seg_0.m4s?key=good"
    assert (await guest.get(f"{seen.base}/{first}".replace("playlist.m3u8", "seg_0.m4s"))).status_code == 200


def sharing(shown: set[UUID]) -> Record:
    """A plugin that knows one link."""
    view = SharedLinkView(uuid4(), None, allow_upload=False, allow_download=True, show_metadata=True)

    @hookimpl
    async def share_link(key: str | None) -> dict[str, Caller]:
        link = Caller(user_id=uuid4(), email="a@host.test", name="A", is_admin=False, shared_link=view)
        return {"good": link} if key == "good" else {}

    @hookimpl
    async def asset_access(asset_ids: Sequence[UUID], user: Caller) -> set[UUID]:
        return shown & set(asset_ids) if user.shared_link else set()

    hooks = ModuleType("links.hooks")
    hooks.share_link, hooks.asset_access = share_link, asset_access  # type: ignore[attr-defined]
    return Record("links", manifest=Plugin("links"), hooks=hooks)


async def test_what_is_not_there_is_404(watching, clip):
    running, seen = await watching(seconds=5)
    other = await running.upload(clip("b.mp4", *X264, picture=SMALL, seconds=1))
    photo = await running.upload(b"no picture", name="a.jpg")
    broken = await running.upload(b"no video", name="a.mp4")
    for path in (
        f"{seen.base}/{seen.session}/0/seg_3.m4s",
        f"{seen.base}/{seen.session}/0/seg_{'9' * 5000}.m4s",
        f"{seen.base}/{seen.session}/1/playlist.m3u8",
        f"{seen.base}/{seen.session}/9007199254740991/playlist.m3u8",
        f"{seen.base}/{uuid4()}/0/playlist.m3u8",
        f"/api/assets/{other}/video/stream/{seen.session}/0/playlist.m3u8",
        f"/api/assets/{photo}/video/stream/main.m3u8",
        f"/api/assets/{broken}/video/stream/main.m3u8",
    ):
        assert (await seen.client.get(path)).status_code == 404, path
    for path in ("0/x.mp4", "0/seg_x.m4s", "-1/init.mp4", "x/playlist.m3u8"):
        answer = await seen.client.get(f"{seen.base}/{seen.session}/{path}")
        assert expect(answer, 400)["message"] == "Validation failed"
    assert files_of(running) == []


async def test_nothing_is_streamed_unless_the_administrator_says_so(host, clip):
    running = await host(plugins=["transcode"])
    asset_id = await running.upload(clip("a.mp4", *X264, picture=SMALL))
    answer = await (await running.client()).get(f"/api/assets/{asset_id}/video/stream/main.m3u8")
    assert expect(answer, 400) == {"message": "Live streaming is not enabled"}


# -- ahead of the viewer


async def test_the_encoder_stays_a_little_ahead_and_drops_what_is_far_behind(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    assert (await seen.get("seg_0.m4s")).status_code == 200
    [variant] = await encoders(running)
    run = streams_of(running).keeping.running(variant)
    assert run is not None
    while not run.is_paused:
        await run.changed(5)
    assert run.next == AHEAD
    assert (await seen.get(f"seg_{AHEAD - RESUME - 1}.m4s")).status_code == 200
    assert run.is_paused
    assert (await seen.get(f"seg_{AHEAD - RESUME}.m4s")).status_code == 200
    assert not run.is_paused
    for number in range(AHEAD - RESUME, 80):
        assert (await seen.get(f"seg_{number}.m4s")).status_code == 200
    while not run.is_paused:
        await run.changed(5)
    assert len(await encoders(running)) == 1
    await streams_of(running).keeping.beat()
    numbers = {int(path.stem[4:]) for path in files_of(running) if path.stem.startswith("seg_")}
    assert numbers == set(range(79 - AHEAD, max(numbers) + 1))
    assert max(numbers) < 79 + AHEAD
    assert streams_of(running).keeping.running(variant) is run


async def test_an_encoder_that_nobody_asks_ends_and_begins_again_where_it_was(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    [variant] = await encoders(running)
    await running.kernel.db.execute("UPDATE video_stream_variant SET asked_at = now() - interval '21 seconds'")
    await streams_of(running).keeping.beat()
    assert streams_of(running).keeping.running(variant) is None
    assert await encoders(running) == []
    assert ffmpegs(running) == []
    assert (await seen.get("seg_110.m4s")).status_code == 200
    assert len(ffmpegs(running)) == 1


async def test_who_watches_goes_before_the_jobs(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    [encoder] = ffmpegs(running)
    assert os.getpriority(os.PRIO_PROCESS, os.getpid()) < os.getpriority(os.PRIO_PROCESS, encoder) < NICENESS


async def test_two_who_want_different_places_take_turns(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    answers = await asyncio.gather(*(seen.get(f"seg_{number}.m4s") for number in (0, 110, 40, 70)))
    assert [each.status_code for each in answers] == [200] * 4
    assert len(await encoders(running)) == 1


async def test_a_player_that_leaves_while_it_waits_takes_nothing_with_it(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    for number in range(0, 80, 16):
        request = asyncio.create_task(seen.get(f"seg_{number}.m4s"))
        await asyncio.sleep(0.01 * (number // 16))
        request.cancel()
        await asyncio.wait({request})
    assert (await seen.get("seg_90.m4s")).status_code == 200
    assert len(await encoders(running)) == len(ffmpegs(running)) == 1


async def test_who_goes_on_with_another_variant_has_one_encoder(host, clip):
    running = await host(plugins=["transcode"])
    await stream_all(running)
    asset_id = await running.upload(clip("a.mp4", *X264, picture="testsrc2=s=960x540:r=5", seconds=250, sound=False))
    seen = await Watching(await running.client(), asset_id).begin()
    await seen.get("seg_0.m4s", variant=0)
    await seen.get("seg_1.m4s", variant=1)
    await running.kernel.db.execute(
        "UPDATE video_stream_variant SET asked_at = asked_at - interval '5 seconds' WHERE index = 0"
    )
    await streams_of(running).keeping.beat()
    rows = await running.kernel.db.fetch("SELECT index FROM video_stream_variant WHERE run IS NOT NULL")
    assert [row["index"] for row in rows] == [1]


async def test_encoders_and_sessions_are_bounded(watching, monkeypatch):
    monkeypatch.setattr(hls_store, "MOST_RUNS", 2)
    monkeypatch.setattr(hls_store, "MOST_SESSIONS", 3)
    running, first = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    everybody = [first]
    await first.get("seg_0.m4s")
    for _ in range(2):
        everybody.append(another := Watching(first.client, UUID(first.base.split("/")[3])))
        await another.begin()
        await another.get("seg_0.m4s")
    await streams_of(running).keeping.beat()
    assert len(ffmpegs(running)) == len(await encoders(running)) == 2
    assert (await first.get("seg_100.m4s")).status_code == 200
    assert len(files_of(running)) > 0
    await running.kernel.db.execute(
        "UPDATE video_stream_session SET expires_at = now() + interval '1 minute' WHERE id = $1", UUID(first.session)
    )
    await Watching(first.client, UUID(first.base.split("/")[3])).begin()
    assert await sessions(running) == 3
    assert (await first.get("seg_100.m4s")).status_code == 404
    assert not any(first.session in str(path) for path in files_of(running))


# -- the end


async def assert_nothing_is_left(running: RunningHost) -> None:
    assert await sessions(running) == 0
    assert files_of(running) == []
    assert ffmpegs(running) == []
    assert not list(running.kernel.paths.root.glob("encoded-video/*/??/??/*"))


async def test_leaving_ends_it_all(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    assert len(ffmpegs(running)) == 1
    assert (await seen.end()).status_code == 204
    await assert_nothing_is_left(running)
    assert (await seen.get("seg_0.m4s")).status_code == 404
    assert (await seen.end()).status_code == 204


async def test_five_minutes_without_a_request_end_it(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    sooner = "UPDATE video_stream_session SET expires_at = expires_at - interval '4 minutes 40 seconds'"
    await running.kernel.db.execute(sooner)
    await streams_of(running).keeping.sweep()
    assert len(ffmpegs(running)) == await sessions(running) == 1
    await running.kernel.db.execute(sooner)
    await streams_of(running).keeping.sweep()
    await assert_nothing_is_left(running)


async def test_a_session_that_is_over_is_over_before_it_is_swept(watching):
    running, seen = await watching()
    await running.kernel.db.execute("UPDATE video_stream_session SET expires_at = now()")
    assert (await seen.get("playlist.m3u8")).status_code == 404


async def _is_over(running: RunningHost) -> bool:
    return not (ffmpegs(running) or files_of(running) or await sessions(running))


@pytest.mark.parametrize("how", ["plugin", "realtime"])
async def test_switched_off_is_over_for_everybody(how, watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    if how == "plugin":
        await running.turn_off("transcode")
    else:
        await stream_all(running, enabled=False)
        await until(lambda: _is_over(running))
    assert (await seen.get("seg_0.m4s")).status_code == 404
    await assert_nothing_is_left(running)
    if how == "plugin":
        await running.turn_on("transcode")
        assert (await (await seen.begin()).get("seg_0.m4s")).status_code == 200


async def test_a_video_that_is_erased_leaves_nothing(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    await running.kernel.db.execute("DELETE FROM asset")
    await streams_of(running).keeping.beat()
    await assert_nothing_is_left(running)


async def test_what_a_crash_leaves_is_removed_at_night(watching):
    running, seen = await watching()
    owner = await running.user_id()
    lost = running.kernel.files.derived_path("encoded-video", owner, str(uuid4())) / "0"
    lost.mkdir(parents=True)
    (lost / "seg_0.m4s").write_bytes(b"0")
    copy = running.kernel.files.derived_path("encoded-video", owner, f"{uuid4()}.mp4")
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"a copy")
    await seen.get("seg_0.m4s")
    await running.kernel.jobs.request("transcode.stream_cleanup")
    await running.drain()
    assert not lost.parent.exists()
    assert copy.exists()
    assert (await seen.get("seg_0.m4s")).status_code == 200
    await running.kernel.db.execute("UPDATE video_stream_session SET expires_at = now()")
    await running.kernel.jobs.request("transcode.stream_cleanup")
    await running.drain()
    assert files_of(running) == []


async def test_a_video_that_cannot_be_decoded_says_so(watching):
    running, seen = await watching()
    [path] = (running.kernel.paths.root / "upload").rglob("*.mp4")
    path.write_bytes(b"damaged meanwhile")
    assert expect(await seen.get("seg_0.m4s"), 500) == {"message": "The video cannot be streamed"}
    assert ffmpegs(running) == []


async def test_nobody_waits_for_ever(watching, monkeypatch):
    _, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    monkeypatch.setattr(hls_streams, "WAIT_SECONDS", -1)
    assert expect(await seen.get("seg_9.m4s"), 503) == {"message": "The encoder is too slow"}
    monkeypatch.undo()
    assert (await seen.get("seg_9.m4s")).status_code == 200


# -- many processes: all that one process knows is in its `Streams`


class Elsewhere:
    """The same person, answered by another process."""

    def __init__(self, running: RunningHost, watching: Watching) -> None:
        self.streams = Streams(running.kernel)
        self._watching = watching

    async def get(self, number: int) -> bytes:
        asset_id = UUID(self._watching.base.split("/")[3])
        film = await self.streams.film(asset_id)
        row = await self.streams.ask(UUID(self._watching.session), asset_id, 0, number)
        return await self.streams.segment(film, row, number)

    async def __aenter__(self) -> "Elsewhere":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.streams.stop()


async def test_any_process_serves_and_one_encodes(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    async with Elsewhere(running, seen) as there:
        for number in range(8):
            here, other, head = await asyncio.gather(
                seen.get(f"seg_{number}.m4s"), there.get(number), seen.get("init.mp4")
            )
            assert (here.status_code, head.status_code) == (200, 200)
            assert here.content == other
        await streams_of(running).keeping.beat()
        await there.streams.keeping.beat()
        assert len(await encoders(running)) == len(ffmpegs(running)) == 1


async def test_a_seek_at_another_process_moves_the_encoder_there(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    await seen.get("seg_0.m4s")
    [variant] = await encoders(running)
    async with Elsewhere(running, seen) as there:
        assert await there.get(90)
        await streams_of(running).keeping.beat()
        assert streams_of(running).keeping.running(variant) is None
        assert there.streams.keeping.running(variant) is not None
        assert len(ffmpegs(running)) <= 1, "so small a picture may be at its end by now"
        assert (await seen.get("seg_91.m4s")).status_code == 200
        assert streams_of(running).keeping.running(variant) is None
        await seen.end()
        await there.streams.keeping.beat()
        await assert_nothing_is_left(running)


async def test_a_process_that_stops_hands_its_viewers_on(watching):
    running, seen = await watching(seconds=250, picture="testsrc2=s=64x64:r=5")
    async with Elsewhere(running, seen) as there:
        assert await there.get(0)
    assert ffmpegs(running) == []
    assert await encoders(running) == []
    assert (await seen.get("seg_60.m4s")).status_code == 200


async def test_the_claim_of_a_dead_process_does_not_hold(watching):
    running, seen = await watching()
    await running.kernel.db.execute(
        """UPDATE video_stream_variant SET run = gen_random_uuid(), run_next = 0,
           run_seen_at = now() - interval '4 seconds'"""
    )
    assert (await seen.get("seg_0.m4s")).status_code == 200
