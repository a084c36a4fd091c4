"""What people see and do who come by a link, and what they do not."""

import asyncio
import hashlib
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest

from immich_host.hosting import Hosting
from immich_host.plugin_api.web import Route
from immich_host.testing import RunningHost, photo
from immich_host.testing.host import expect
from immich_host.web import catalogue_of
from immich_sharing import links
from immich_sharing.link_proofs import COOKIE, key_of, proof
from plugins.sharing.tests.conftest import PLUGINS

type MakeUser = Callable[[str], Awaitable[Any]]

ROUTES = [entry.route for entry in catalogue_of(Hosting(list(PLUGINS)))]
OPEN = [route for route in ROUTES if route.shared_link]
PARAMETER = re.compile(r"\{[^}]*\}")
REFUSED = "Not found or no asset.{} access"
PASSWORD_REQUIRED = {"message": "Password required"}


async def ask(guest: Any, route: Route, asset_id: UUID) -> int:
    """The status of a request with an asset's id wherever an id stands."""
    answer = await guest.client.request(route.method, "/api" + PARAMETER.sub(str(asset_id), route.path))
    return answer.status_code


# --- the gate -----------------------------------------------------------------------------------


def test_the_routes_that_links_open_are_known() -> None:
    assert {f"{route.method} {route.path}" for route in OPEN} == {
        "GET /albums/{id}", "POST /assets", "GET /assets/{id}", "GET /assets/{id}/original",
        "GET /assets/{id}/thumbnail", "GET /assets/{id}/video/playback", "POST /download/archive",
        "POST /download/info", "POST /search/metadata", "POST /shared-links/login", "GET /shared-links/me",
        "GET /timeline/bucket", "GET /timeline/buckets",
    }  # fmt: skip
    assert [route.path for route in ROUTES if route.before_password] == ["/shared-links/login"]


async def test_a_link_opens_its_routes_and_no_other(user: MakeUser, viewer: Any) -> None:
    ann = await user("ann")
    asset_id = await ann.photo()
    guest = viewer(await ann.link(asset_id))
    for route in ROUTES:
        if route.public:
            continue
        status = await ask(guest, route, asset_id)
        if route.shared_link:
            assert status not in {401, 403} or route.path == "/assets", f"{route.method} {route.path}: {status}"
        else:
            assert status == 403, f"{route.method} {route.path}: {status}"


async def test_without_its_password_a_link_opens_nothing(user: MakeUser, viewer: Any) -> None:
    ann = await user("ann")
    asset_id = await ann.photo()
    link = await ann.link(asset_id, password="sesame")
    guest = viewer(link)
    for route in OPEN:
        if not route.before_password:
            answer = await guest.client.request(route.method, "/api" + PARAMETER.sub(str(asset_id), route.path))
            assert (answer.status_code, answer.json()) == (401, PASSWORD_REQUIRED), route.path
    for route in ROUTES:
        if not (route.public or route.shared_link):
            assert await ask(guest, route, asset_id) == 403, route.path
    assert await guest.post("/shared-links/login", {"password": "Sesame"}, 401) == {"message": "Invalid password"}
    await guest.ask(f"/assets/{asset_id}", 401)
    told = await guest.post("/shared-links/login", {"password": "sesame"}, 201)
    assert (told["id"], told["password"]) == (link["id"], None)
    assert [one["id"] for one in told["assets"]] == [str(asset_id)]
    for route in OPEN:
        status = await ask(guest, route, asset_id)
        assert status not in {401, 403} or route.path == "/assets", f"{route.method} {route.path}: {status}"
    assert (await guest.ask("/shared-links/me"))["password"] is None
    assert (await viewer(link).ask("/shared-links/me", 401)) == PASSWORD_REQUIRED


async def test_a_bad_credential_is_told_apart_from_no_other(user: MakeUser, viewer: Any) -> None:
    ann = await user("ann")
    asset_id = await ann.photo()
    link = await ann.link(asset_id, slug="The Party (2024) äöü")
    expired = await ann.link(asset_id, slug="over", expiresAt="2020-01-01T00:00:00Z")
    for key in ("x", "", "é", "=" * 67, link["key"][:-1], "0" * 100, "A" * 67, f"{link['key']}\0", expired["key"]):
        if key:
            assert await viewer(key=key).ask("/shared-links/me", 401) == {"message": "Invalid share key"}, key
    for slug in ("x", "the party (2024) äöü", "a\0b", "\n", "over", "x" * 5000):
        assert await viewer(slug=slug).ask("/shared-links/me", 401) == {"message": "Invalid share slug"}, slug
    assert (await viewer(slug=link["slug"]).ask("/shared-links/me"))["id"] == link["id"]
    key = key_of(link["key"])
    assert key is not None
    assert (await viewer(key=key.hex()).ask("/shared-links/me"))["id"] == link["id"]
    for name, value in (("key", link["key"]), ("slug", "over")):
        guest = viewer(nothing="1")
        answer = await guest.client.get("/api/shared-links/me", headers={f"x-immich-share-{name}": value})
        assert answer.status_code == (200 if name == "key" else 401)
    await ann.edit(expired, expiresAt=None)
    assert (await viewer(slug="over").ask("/shared-links/me"))["id"] == expired["id"]
    expect(await ann.client.delete(f"/api/shared-links/{expired['id']}"), 204)
    assert await viewer(slug="over").ask("/shared-links/me", 401) == {"message": "Invalid share slug"}


async def test_who_does_not_come_by_a_link_is_told_so(user: MakeUser, house: RunningHost) -> None:
    ann = await user("ann")
    for client in (ann.client, await house.key_client("all", user="ann")):
        assert expect(await client.get("/api/shared-links/me"), 403) == {"message": "Forbidden"}
        answer = await client.post("/api/shared-links/login", json={"password": "x"})
        assert expect(answer, 403) == {"message": "Forbidden"}
    expect(await house.anonymous().get("/api/shared-links/me"), 401)


# --- passwords ----------------------------------------------------------------------------------


async def test_a_proof_is_of_one_link_and_one_password(user: MakeUser, viewer: Any) -> None:
    ann = await user("ann")
    asset_id = await ann.photo()
    first, second = [await ann.link(asset_id, password="same") for _ in range(2)]
    open_one = await ann.link(asset_id)
    guest = viewer(first)
    no_password = {"message": "Shared link is not password protected"}
    assert await viewer(open_one).post("/shared-links/login", {"password": ""}, 400) == no_password
    await guest.post("/shared-links/login", {"password": "same"}, 201)
    guest.client.params = {"key": second["key"]}
    assert await guest.ask("/shared-links/me", 401) == PASSWORD_REQUIRED
    await guest.post("/shared-links/login", {"password": "same"}, 201)
    for link in (second, first, open_one):
        guest.client.params = {"key": link["key"]}
        assert (await guest.ask("/shared-links/me"))["id"] == link["id"], "a browser keeps several"
    guest.client.params = {"key": first["key"]}
    await ann.edit(first, password="other")
    assert await guest.ask("/shared-links/me", 401) == PASSWORD_REQUIRED
    assert await guest.post("/shared-links/login", {"password": "same"}, 401) == {"message": "Invalid password"}
    await guest.post("/shared-links/login", {"password": "other"}, 201)
    await guest.ask("/shared-links/me")
    await ann.edit(first, password=None)
    await viewer(first).ask("/shared-links/me")


async def test_the_cookie_lasts_a_day_and_is_kept_from_scripts(user: MakeUser, viewer: Any) -> None:
    ann = await user("ann")
    link = await ann.link(await ann.photo(), password="p")
    guest = viewer(link)
    made = []
    for headers in ({}, {"x-forwarded-proto": "https"}):
        answer = await guest.client.post("/api/shared-links/login", json={"password": "p"}, headers=headers)
        parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")[1:]}
        assert {"path=/", "max-age=86400", "httponly", "samesite=lax"} == parts - {"secure"}
        made.append("secure" in parts)
    assert made == [False, True]
    own = proof(UUID(link["id"]), "p")
    guest = viewer(link)
    guest.client.headers["cookie"] = f'{COOKIE}="bad,é,{own}"'
    await guest.ask("/shared-links/me")
    guest.client.headers["cookie"] = f"{COOKIE}={own[:-1]}"
    await guest.ask("/shared-links/me", 401)


# --- what is seen -------------------------------------------------------------------------------


@pytest.fixture
async def states(user: MakeUser, house: RunningHost) -> Any:
    """Ann's photos in every state, all in one link and one album."""
    ann = await user("ann")
    names = ("shown", "liked", "archive", "hidden", "trashed", "erased", "locked")
    photos = {name: await ann.photo() for name in names}
    link = await ann.link(*photos.values())
    album_id = await ann.album(*photos.values())
    other = await ann.photo()
    await ann.change(photos["liked"], isFavorite=True)
    for state in ("archive", "hidden", "locked"):
        await house.kernel.assets.update(photos[state], visibility=state)
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(photos["trashed"])]})
    await ann.client.request("DELETE", "/api/assets", json={"ids": [str(photos["erased"])], "force": True})
    return ann, photos, other, {"INDIVIDUAL": link, "ALBUM": await ann.link(albumId=album_id)}


@pytest.mark.parametrize("kind", ["INDIVIDUAL", "ALBUM"])
async def test_what_a_link_shows_is_seen_everywhere_and_nothing_else(states: Any, viewer: Any, kind: str) -> None:
    ann, photos, other, links = states
    guest = viewer(links[kind])
    seen = {photos[state] for state in ("shown", "liked", "archive")}
    assert await guest.timeline() == seen
    in_album = {"albumId": links[kind]["album"]["id"]} if kind == "ALBUM" else {}
    assert await guest.timeline(**in_album) == seen
    found = await guest.post("/search/metadata", {})
    assert {UUID(one["id"]) for one in found["assets"]["items"]} == seen
    if kind == "INDIVIDUAL":
        assert await guest.sees() == seen
    else:
        assert (await guest.ask(f"/albums/{in_album['albumId']}"))["assetCount"] == len(seen)
        assert (await guest.ask("/shared-links/me"))["album"]["id"] == in_album["albumId"]
    for asset_id in (*photos.values(), other):
        status = 200 if asset_id in seen else 400
        asset = await guest.ask(f"/assets/{asset_id}", status)
        assert status == 400 or (asset["isFavorite"], asset["people"]) == (False, [])
        original = await guest.client.get(f"/api/assets/{asset_id}/original")
        assert original.status_code == (200 if status == 200 else 404)
        body = {"assetIds": [str(asset_id)]}
        assert (await guest.client.post("/api/download/archive", json=body)).status_code == status
        assert (await guest.client.post("/api/download/info", json=body)).status_code == (201 if status == 200 else 400)
    for query in ({"isTrashed": "true"}, {"userId": str(ann.id)} | {"isTrashed": "true"}, {"albumId": str(uuid4())}):
        await guest.ask("/timeline/buckets", 400, **query)
    await guest.ask("/timeline/buckets", 401, visibility="locked")
    assert await guest.timeline(visibility="hidden") == set()
    assert await guest.timeline(userId=str(ann.id)) == seen, "whose timeline is asked for does not matter"
    expect(await guest.client.post("/api/download/info", json={"userId": str(ann.id)}), 400)
    whole = await guest.client.post("/api/download/archive", json={"assetIds": [str(each) for each in seen]})
    assert len(ZipFile(io.BytesIO(whole.content)).namelist()) == len(seen)


async def test_the_moving_half_of_a_live_photo_is_seen_as_its_still(
    user: MakeUser, house: RunningHost, viewer: Any
) -> None:
    ben = await user("ben")
    video = await house.upload(b"\x00\x00\x00\x18ftypmp42" + uuid4().bytes, name="live.mp4", user="ben")
    still = await ben.photo(livePhotoVideoId=str(video))
    guest = viewer(await ben.link(still))
    assert (await guest.client.get(f"/api/assets/{video}/video/playback")).status_code == 200
    assert await guest.timeline() == {still}
    await house.kernel.assets.update(still, visibility="locked")
    assert (await guest.client.get(f"/api/assets/{video}/video/playback")).status_code == 404


@pytest.mark.parametrize("kind", ["INDIVIDUAL", "ALBUM"])
async def test_what_forbids_downloads_only_shows(states: Any, viewer: Any, kind: str) -> None:
    ann, photos, _, links = states
    link, guest, shown = links[kind], viewer(links[kind]), photos["shown"]
    body = {"assetIds": [str(shown)]}
    await ann.edit(link, allowDownload=False)
    assert (await guest.client.get(f"/api/assets/{shown}/original")).status_code == 404
    for path in ("archive", "info"):
        assert await guest.post(f"/download/{path}", body, 400) == {"message": REFUSED.format("download")}
    await guest.ask(f"/assets/{shown}")
    assert shown in await guest.timeline()
    assert (await guest.client.get(f"/api/assets/{shown}/thumbnail")).status_code == 404, "allowed, and not made yet"


@pytest.mark.parametrize("kind", ["INDIVIDUAL", "ALBUM"])
async def test_what_hides_metadata_tells_nothing_of_it(states: Any, viewer: Any, kind: str) -> None:
    ann, photos, _, links = states
    await ann.edit(links[kind], showMetadata=False)
    guest = viewer(links[kind])
    asset = await guest.ask(f"/assets/{photos['shown']}")
    fields = {
        "id", "type", "thumbhash", "originalMimeType", "localDateTime", "duration", "livePhotoVideoId", "hasMetadata",
        "width", "height",
    }  # fmt: skip
    assert (asset.keys(), asset["hasMetadata"]) == (fields, False)
    link = await guest.ask("/shared-links/me")
    assert all(one.keys() == fields for one in link["assets"])
    assert link["showMetadata"] is False
    bucket = (await guest.ask("/timeline/buckets"))[0]["timeBucket"]
    columns = await guest.ask("/timeline/bucket", timeBucket=bucket, withCoordinates="true")
    assert not columns.keys() & {"city", "country", "latitude", "longitude"}
    assert columns["isFavorite"] == [False] * 3
    assert await guest.timeline(isFavorite="true") == set()
    await guest.post("/search/metadata", {"make": "Example"}, 400)
    for path, query in (("/timeline/buckets", {}), ("/timeline/bucket", {"timeBucket": bucket})):
        told = await guest.ask(path, 400, bbox="-180,-90,180,90", **query)
        assert told == {"message": "bbox cannot be asked about by a shared link"}
    await ann.edit(links[kind], showMetadata=True)
    await guest.ask("/timeline/buckets", bbox="-180,-90,180,90")
    await ann.edit(links[kind], showMetadata=False)
    assert (await ann.ask(f"/shared-links/{links[kind]['id']}"))["showMetadata"] is False


async def test_a_link_to_one_album_shows_no_other(user: MakeUser, viewer: Any) -> None:
    cat = await user("cat")
    asset_id = await cat.photo()
    shown, other = await cat.album(asset_id), await cat.album(asset_id, await cat.photo())
    guest = viewer(await cat.link(albumId=shown))
    await guest.ask(f"/albums/{shown}")
    await guest.ask(f"/albums/{other}", 400)
    await guest.ask("/timeline/buckets", 400, albumId=str(other))
    assert await guest.timeline(albumId=str(shown)) == {asset_id}
    single = viewer(await cat.link(asset_id))
    await single.ask(f"/albums/{shown}", 400)
    await single.ask("/timeline/buckets", 400, albumId=str(shown))


# --- what is uploaded ---------------------------------------------------------------------------


def content() -> bytes:
    return photo.JPEG + uuid4().bytes


@pytest.mark.parametrize("kind", ["INDIVIDUAL", "ALBUM"])
async def test_what_is_uploaded_by_a_link_is_shown_by_it_at_once(user: MakeUser, viewer: Any, kind: str) -> None:
    dan = await user(f"dan-{kind.lower()}")
    first = await dan.photo()
    link = await (dan.link(first) if kind == "INDIVIDUAL" else dan.link(albumId=await dan.album(first)))
    guest = viewer(link)
    assert await guest.upload(content(), 401) == {"message": "Unauthorized"}
    await dan.edit(link, allowUpload=True)
    new = content()
    made = await guest.upload(new)
    assert made["status"] == "created"
    assert await guest.timeline() == {first, UUID(made["id"])}
    assert (await dan.ask(f"/assets/{made['id']}"))["ownerId"] == str(dan.id), "it is the link's owner's"
    assert await guest.upload(new, 200) == {"id": made["id"], "status": "duplicate"}
    known = content()
    old = await dan.house.upload(known, user=dan.name)
    assert (await guest.upload(known, 200))["id"] == str(old)
    assert await guest.timeline() == {first, UUID(made["id"]), old}
    sent = await asyncio.gather(*(guest.upload(content()) for _ in range(4)))
    assert {UUID(one["id"]) for one in sent} < await guest.timeline()


async def test_by_a_link_only_who_has_the_file_gets_what_is_known(user: MakeUser, viewer: Any) -> None:
    eve = await user("eve")
    private = content()
    asset_id = await eve.house.upload(private, user="eve")
    guest = viewer(await eve.link(await eve.photo(), allowUpload=True))
    form = {"fileCreatedAt": "2024-05-01T10:11:12Z", "fileModifiedAt": "2024-05-01T10:11:12Z"}
    headers = {"x-immich-checksum": hashlib.sha1(private, usedforsecurity=False).hexdigest()}
    files = {"assetData": ("a.jpg", content())}
    expect(await guest.client.post("/api/assets", data=form, files=files, headers=headers), 201)
    assert asset_id not in await guest.timeline()


async def test_what_is_locked_or_in_the_trash_stays_so_when_it_is_uploaded_again(
    user: MakeUser, house: RunningHost, viewer: Any
) -> None:
    flo = await user("flo")
    locked, trashed = content(), content()
    link = await flo.link(shown := await flo.photo(), allowUpload=True)
    guest = viewer(link)
    await house.upload(locked, user="flo", visibility="locked")
    gone = await house.upload(trashed, user="flo")
    await flo.client.request("DELETE", "/api/assets", json={"ids": [str(gone)]})
    for each in (locked, trashed):
        assert (await guest.upload(each, 200))["status"] == "duplicate"
    assert await guest.sees() == {shown}


async def test_an_upload_by_a_link_that_is_deleted_meanwhile_is_told_of(user: MakeUser, house: RunningHost) -> None:
    """The photo is the owner's; that it is shown nowhere is nobody's fault."""
    gus = await user("gus")
    link = await gus.link(await gus.photo(), allowUpload=True)
    caller = await house.app.gate.identify({"x-immich-share-key": link["key"]}, b"", {})
    assert caller is not None
    expect(await gus.client.delete(f"/api/shared-links/{link['id']}"), 204)
    await links.take_upload(house.kernel, caller, await gus.photo())
    shown = "SELECT FROM shared_link_asset WHERE shared_link_id = $1"
    assert await house.kernel.db.fetch(shown, UUID(link["id"])) == []
