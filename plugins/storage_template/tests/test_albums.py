"""Albums come from a plugin that knows them, by this plugin's hook."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from immich_host.hosting import Record
from immich_host.plugin_api import Plugin, hookimpl
from immich_host.testing.fixtures import MakeHost

from .conftest import Library

TEMPLATE = "{{#if album}}{{album-startDate-y}}-{{album-endDate-y}}/{{album}}{{else}}{{y}}{{/if}}/{{filename}}"


class Albums:
    """A tiny plugin that puts assets into an album."""

    def __init__(self) -> None:
        self.of: dict[UUID, dict[str, Any]] = {}
        self.asked = 0
        self.broken = False

    @hookimpl
    async def storage_template_values(self, asset_ids: Sequence[UUID]) -> Mapping[str, Mapping[UUID, Any]]:
        self.asked += 1
        if self.broken:
            raise RuntimeError("no albums today")
        return {"album": {each: self.of[each] for each in asset_ids if each in self.of}}


@pytest.fixture
async def albums(host: MakeHost) -> tuple[Library, Albums]:
    given = Albums()
    record = Record("tiny_albums", Plugin("tiny_albums", wants=("storage_template",)), hooks=given)
    return Library(await host(plugins=["storage_template"], records=[record])), given


async def test_albums_name_folders(albums: tuple[Library, Albums]) -> None:
    library, given = albums
    await library.use(TEMPLATE)
    asset_id = await library.upload()
    assert await library.below(asset_id) == "2024/photo.jpg"
    given.of[asset_id] = {
        "name": "Alps: up. and/down",
        "start": datetime(2022, 12, 31, 12, tzinfo=UTC),
        "end": datetime(2023, 1, 1, tzinfo=UTC),
    }
    await library.migrate()
    assert await library.below(asset_id) == "2022-2023/Alps up anddown/photo.jpg"
    del given.of[asset_id]
    await library.migrate()
    assert await library.below(asset_id) == "2024/photo.jpg"
    await library.check()


async def test_they_are_asked_only_where_the_template_wants_albums(albums: tuple[Library, Albums]) -> None:
    library, given = albums
    await library.use("{{y}}/{{filename}}")
    await library.upload()
    assert given.asked == 0


async def test_while_albums_cannot_be_asked_nothing_moves(albums: tuple[Library, Albums]) -> None:
    library, given = albums
    asset_id = await library.upload()
    await library.use(TEMPLATE)
    given.broken = True
    with pytest.raises(RuntimeError, match="no albums today"):
        await library.migrate()
    assert (await library.path(asset_id)).is_relative_to(library.root / "upload")
    await library.check()


async def test_without_such_a_plugin_no_asset_is_in_an_album(library: Library) -> None:
    await library.use(TEMPLATE)
    assert await library.below(await library.upload()) == "2024/photo.jpg"
