"""Editing an asset as its owner does: `host.assets.edit`."""

from typing import Any
from uuid import uuid4

import pytest

from immich_host.assets.columns import UnknownColumn


async def test_what_is_edited_is_locked_and_stays(host: Any) -> None:
    running = await host(plugins=[])
    asset_id = await running.upload(b"1", name="a.jpg")
    assets = running.kernel.assets
    await assets.write_exif(asset_id, rating=2, description="of the file")
    told = await assets.edit(asset_id, is_favorite=True, rating=2, description="mine")
    assert told == {"is_favorite", "rating", "description"}
    await assets.write_exif(asset_id, rating=5, description="of the file", city="Rome")
    exif = await assets.exif(asset_id)
    assert (exif["rating"], exif["description"], exif["city"]) == (2, "mine", "Rome")
    assert set(exif["locked_properties"]) == {"rating", "description"}
    assert await running.kernel.db.fetchval("SELECT is_favorite FROM asset WHERE id = $1", asset_id)


async def test_a_locked_value_can_be_edited_again_and_the_same_again_is_no_change(host: Any) -> None:
    running = await host(plugins=[])
    asset_id = await running.upload(b"1", name="a.jpg")
    assets = running.kernel.assets
    assert await assets.edit(asset_id, tags=["a"]) == {"tags"}
    assert await assets.edit(asset_id, tags=["a", "b"]) == {"tags"}
    assert await assets.edit(asset_id, tags=["a", "b"]) == frozenset()
    assert (await assets.exif(asset_id))["tags"] == ["a", "b"]


async def test_of_what_is_gone_nothing_is_told_and_other_columns_are_refused(host: Any) -> None:
    running = await host(plugins=[])
    asset_id = await running.upload(b"1", name="a.jpg")
    assert await running.kernel.assets.edit(uuid4(), rating=1) == frozenset()
    for wrong in ("owner_id", "city"):
        with pytest.raises(UnknownColumn, match=wrong):
            await running.kernel.assets.edit(asset_id, **{wrong: "x"})


async def test_many_are_edited_as_one(host: Any) -> None:
    running = await host(plugins=[])
    ids = [await running.upload(bytes([number])) for number in range(3)]
    told: list[tuple[str, list[str], str]] = []

    async def asset_changed(asset_id: Any, fields: list[str], cause: str, **_: Any) -> None:
        told.append((str(asset_id), fields, cause))

    running.kernel.hosting.listen("asset_changed", asset_changed)
    assets = running.kernel.assets
    await assets.edit(ids[0], tags=["a"])
    await assets.edit_many([*ids, ids[1], uuid4()], cause="test", tags=["a"], is_favorite=True)
    await running.drain()
    for asset_id in ids:
        exif = await assets.exif(asset_id)
        assert (exif["tags"], exif["locked_properties"]) == (["a"], ["tags"])
    assert sorted(each for each in told if each[2] == "test") == sorted(
        (str(one), ["is_favorite"] if one == ids[0] else ["is_favorite", "tags"], "test") for one in ids
    )
    with pytest.raises(UnknownColumn, match="city"):
        await assets.edit_many(ids, city="x")
