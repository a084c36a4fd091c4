"""Assets as plugins answer them: `host.assets.answers`."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
from pydantic import MISSING
from pydantic_core import to_json

from immich_host.plugin_api.web import Caller, SharedLinkView

LINK = SharedLinkView(uuid4(), None, allow_upload=False, allow_download=False, show_metadata=False)


async def test_order_is_kept_and_unknown_ones_are_left_out(host: Any) -> None:
    running = await host(plugins=[])
    first, second = [await running.upload(text, name=f"{text.decode()}.jpg") for text in (b"1", b"2")]
    caller = Caller(user_id=await running.user_id(), email="", name="", is_admin=False)
    answers = running.kernel.assets.answers
    found = await answers(caller, [second, uuid4(), first])
    assert [(one.id, one.original_file_name) for one in found] == [(second, "2.jpg"), (first, "1.jpg")]
    assert (found[0].owner, found[0].people, found[0].tags) == (MISSING, [], [])
    assert await answers(caller, [uuid4()]) == []


async def test_owner_exif_and_extras_are_there_where_asked_for(host: Any) -> None:
    running = await host(plugins=[])
    asset_id = await running.upload(b"1", name="a.jpg", user="ann")
    await running.kernel.assets.write_exif(asset_id, city="Rome")
    caller = Caller(user_id=await running.user_id("ann"), email="", name="", is_admin=False)
    (whole,) = await running.kernel.assets.answers(caller, [asset_id], with_owner=True)
    assert whole.exif_info.city == "Rome"
    assert whole.owner.name == "Ann"
    (little,) = await running.kernel.assets.answers(caller, [asset_id], with_exif=False, extras=["people"])
    shown = little.model_dump(mode="json")
    assert "exifInfo" not in shown
    assert "tags" not in shown
    assert shown["people"] == []


async def test_of_others_favourites_are_not_shown_and_links_show_what_they_show(host: Any) -> None:
    running = await host(plugins=[])
    asset_id = await running.upload(b"1", name="a.jpg", user="ann")
    client = await running.client("ann")
    assert (await client.put(f"/api/assets/{asset_id}", json={"isFavorite": True})).status_code == 200
    ann, ben = await running.user_id("ann"), await running.user_id("ben")
    answers = running.kernel.assets.answers
    assert (await answers(Caller(ann, "", "", is_admin=False), [asset_id]))[0].is_favorite
    assert not (await answers(Caller(ben, "", "", is_admin=False), [asset_id]))[0].is_favorite
    (reduced,) = await answers(Caller(ann, "", "", is_admin=False, shared_link=LINK), [asset_id])
    assert "originalFileName" not in reduced.model_dump(mode="json")
    viewer = Caller(ann, "", "", is_admin=False, shared_link=replace(LINK, show_metadata=True))
    (shown,) = await answers(viewer, [asset_id])
    assert (shown.original_file_name, shown.is_favorite) == ("a.jpg", False)


async def test_as_json_they_are_the_same(host: Any) -> None:
    running = await host(plugins=[])
    first = await running.upload(b"1", name='Ünï "x".HEIC', user="ann")
    second = await running.upload(b"2", name="b.mp4", user="ann", fileCreatedAt="2001-02-03T04:05:06.789Z")
    port, moment = running.kernel.assets, datetime(2020, 2, 29, 23, 59, 59, 999999, UTC)
    await port.write_exif(
        first,
        city="São\n\\",
        description='"',
        date_time_original=moment,
        latitude=-1.5,
        f_number=4.0,
        iso=100,
        rating=-1,
    )
    await port.update(first, thumbhash=bytes(range(25)), duration=1500, width=40, height=30)
    client = await running.client("ann")
    await client.put(f"/api/assets/{second}", json={"isFavorite": True, "visibility": "archive"})
    ann, ben = [Caller(await running.user_id(user), "", "", is_admin=False) for user in ("ann", "ben")]
    open_link = replace(LINK, show_metadata=True)
    for caller in (ann, ben, *(replace(ann, shared_link=link) for link in (LINK, open_link))):
        for options in ({}, {"with_exif": False}, {"extras": ["tags"]}, {"extras": []}):
            models = await port.answers(caller, [second, first], **options)
            texts = await port.answers_json(caller, [second, uuid4(), first], **options)
            assert [orjson.loads(text) for text in texts.values()] == [orjson.loads(to_json(one)) for one in models]
            assert list(texts) == [second, first]
