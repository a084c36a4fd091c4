"""What made a result is kept with it, and what would be made differently now is found again."""

import asyncio
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from immich_host.jobs.results import forget_results
from immich_host.plugin_api import Job, Outcome, Refused, Section
from tests.jobs.lab import Lab


class Picture(Section):
    key: ClassVar[str] = "picture"

    quality: int = 80


class Easel:
    """A plugin's job and the settings that it goes by."""

    def __init__(self) -> None:
        self.picture = Picture()
        self.meanwhile: Picture | None = None
        self.outcome = Outcome.DONE
        self.painted: list[tuple[UUID, str, bool]] = []

    async def paint(self, ctx: Any, *, asset_id: UUID) -> Outcome:
        self.painted.append((asset_id, ctx.cause, ctx.force))
        self.picture = self.meanwhile or self.picture
        return self.outcome

    def job(self) -> Job:
        return Job(
            "paint", self.paint, queue="labPaint", starts_queue=True, made_by=lambda _: {"picture": self.picture}
        )


@pytest.fixture
def easel() -> Easel:
    return Easel()


@pytest.fixture
async def lab(db, easel):
    await db.execute("TRUNCATE job_result, job_recipe")
    lab = await Lab(db, None, more=[easel.job()]).on()
    yield lab
    await lab.room.close()


@pytest.fixture
async def photos(db) -> list[UUID]:
    owner = await db.fetchval("""INSERT INTO "user" (email) VALUES ($1) RETURNING id""", f"{uuid4()}@host.test")
    rows = await db.fetch(
        """INSERT INTO asset (owner_id, type, original_path, original_file_name, checksum,
                              file_created_at, file_modified_at, local_date_time)
           SELECT $1, 'IMAGE', n::text, n::text, decode(md5(n::text), 'hex'), now(), now(), now()
           FROM generate_series(1, 3) AS n RETURNING id""",
        owner,
    )
    return sorted(row["id"] for row in rows)


async def paint(lab: Lab, *assets: UUID) -> None:
    await lab.jobs.request_many("lab.paint", list(assets))
    await lab.room.drain()


async def stale(lab: Lab) -> list[UUID]:
    known = lab.room.registry.get("lab.paint")
    assert known is not None
    return [each async for each in lab.room.results.stale(known)]


async def test_nothing_is_stale_until_what_made_it_changes(lab, db, easel, photos):
    await paint(lab, *photos)
    assert await stale(lab) == []
    easel.picture = Picture(quality=90)
    await paint(lab, photos[0])
    assert await stale(lab) == photos[1:]
    [standing] = await lab.room.results.standings()
    assert (standing.results, standing.stale, standing.made_by) == (3, 2, {"picture": {"quality": 90}})
    easel.picture = Picture(quality=80)
    assert await stale(lab) == photos[:1]


async def test_starting_on_stale_makes_just_those_again(lab, db, easel, photos):
    await paint(lab, *photos)
    easel.picture = Picture(quality=90)
    await paint(lab, photos[0])
    easel.painted.clear()
    await lab.room.commands.start("labPaint", "stale")
    await lab.room.drain()
    assert easel.painted == [(photo, "stale", True) for photo in photos[1:]]
    assert await stale(lab) == []


async def test_what_changes_while_a_job_runs_makes_its_result_stale(lab, easel, photos):
    easel.meanwhile = Picture(quality=1)
    await paint(lab, photos[0])
    assert await stale(lab) == [photos[0]]


async def test_skipped_and_erased_assets_have_no_result(lab, db, easel, photos):
    await paint(lab, *photos)
    easel.outcome = Outcome.SKIPPED
    await paint(lab, photos[0])
    await db.execute("DELETE FROM asset WHERE id = $1", photos[1])
    assert await db.fetchval("SELECT array_agg(asset_id) FROM job_result") == [photos[2]]
    easel.outcome = Outcome.DONE
    await paint(lab, photos[1])
    assert await db.fetchval("SELECT count(*) FROM job_result") == 1
    await db.execute("UPDATE asset SET deleted_at = now() WHERE id = $1", photos[2])
    easel.picture = Picture(quality=90)
    assert await stale(lab) == []


async def test_another_version_of_the_plugin_is_told_but_makes_nothing_stale(lab, db, photos):
    await paint(lab, *photos)
    lab.records["lab"].version = "2.0"
    assert await stale(lab) == []
    await paint(lab, photos[0])
    assert await db.fetchval("SELECT array_agg(version ORDER BY id) FROM job_recipe") == ["", "2.0"]


async def test_results_go_with_their_plugin_and_come_back_after(lab, db, easel, photos):
    await paint(lab, *photos)
    await forget_results(db, "lab")
    assert await db.fetchval("SELECT count(*) FROM job_result") == 0
    await paint(lab, *photos)
    easel.picture = Picture(quality=90)
    assert await stale(lab) == photos


async def test_runs_that_end_together_after_their_recipe_has_gone_are_all_noted(lab, db, easel, photos):
    await paint(lab, *photos)
    await forget_results(db, "lab")
    together = asyncio.Barrier(len(photos))
    finish = lab.room.results.finish

    async def at_once(*arguments: Any) -> Any:
        await together.wait()
        return await finish(*arguments)

    lab.room.results.finish = at_once
    await lab.jobs.request_many("lab.paint", photos)
    rows = [row["id"] for row in await db.fetch("SELECT id FROM job_request")]
    await asyncio.gather(*[lab.room.executor.execute(row) for row in rows])
    assert await db.fetchval("SELECT count(*) FROM job_result") == len(photos)


async def test_a_queue_whose_jobs_do_not_say_what_they_go_by_has_nothing_stale(lab, db):
    await lab.room.commands.start("smartSearch", "stale")
    assert await db.fetchval("SELECT count(*) FROM job_request") == 0
    with pytest.raises(Refused, match="Invalid job name"):
        await lab.room.commands.start("search", "stale")


async def test_a_recipe_that_cannot_be_told_fails_the_job(lab, easel, photos):
    del easel.picture
    with pytest.raises(AttributeError):
        await paint(lab, photos[0])
    assert await lab.room.results.standings() == []
