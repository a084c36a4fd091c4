"""What the night clears away."""

from collections.abc import Awaitable, Callable
from typing import Any

type MakeUser = Callable[[str], Awaitable[Any]]
type Night = Callable[[str], Awaitable[None]]


async def test_old_memories_go_unless_they_are_saved(user: MakeUser, night: Night) -> None:
    ann = await user("ann")
    asset_id = await ann.photo()
    old, saved, young = await ann.create(asset_id), await ann.create(asset_id, isSaved=True), await ann.create(asset_id)
    age = "UPDATE memory SET created_at = now() - $2::text::interval WHERE id::text = ANY($1)"
    await ann.house.kernel.db.execute(age, [old, saved], "30 days 1 minute")
    await ann.house.kernel.db.execute(age, [young], "29 days 23 hours")
    await night("tidy")
    assert {memory["id"] for memory in await ann.listed()} == {saved, young}


async def test_what_is_not_in_the_timeline_is_taken_out(user: MakeUser, night: Night) -> None:
    """Whatever put it elsewhere, such as what happened while this plugin was off."""
    ben = await user("ben")
    db = ben.house.kernel.db
    kept, archived, trashed = [await ben.photo() for _ in range(3)]
    memory = await ben.create(kept, archived, trashed)
    await db.execute("UPDATE asset SET visibility = 'archive' WHERE id = $1", archived)
    await db.execute("UPDATE asset SET deleted_at = now(), status = 'trashed' WHERE id = $1", trashed)
    await night("tidy")
    rows = await db.fetch("SELECT asset_id FROM memory_asset WHERE memories_id::text = $1", memory)
    assert {row["asset_id"] for row in rows} == {kept, trashed}


async def test_what_was_made_long_ago_need_not_be_known(user: MakeUser, night: Night) -> None:
    cat = await user("cat")
    db = cat.house.kernel.db
    note = "INSERT INTO memories_made SELECT $1, current_date - days, '2000-01-01' FROM unnest($2::int[]) AS days"
    await db.execute(note, cat.id, [31, 30, -3])
    await night("tidy")
    kept = "SELECT current_date - shown AS days FROM memories_made WHERE owner_id = $1 ORDER BY 1"
    assert [row["days"] for row in await db.fetch(kept, cat.id)] == [-3, 30]
