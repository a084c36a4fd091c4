"""Queries of live streams: sessions, their variants, and which run of the encoder makes which."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from immich_host.plugin_api.database import Database, Row
from immich_transcode.hls_variants import Variant

IDLE_MINUTES = 5
"""A session that nobody asks anything of for so long is ended."""

MOST_SESSIONS = 32
"""Over all users; one more ends the session that was not used for longest. Bounds the disk space."""

MOST_RUNS = 8
"""Encoders at a time, over all users and processes; one more ends the one that was not asked for longest."""

_ALIVE_SECONDS = 3.0
"""A run that has not been seen for so long died with its process."""


@dataclass(frozen=True, slots=True)
class VariantRow:
    """A variant of a session, and the run that makes it in some process.

    Args:
        id: Of the row.
        session_id: Whose it is.
        index: Its number in the session.
        variant: What is made.
        run: The last run; None where there is none.
        run_first: The segment that it began with.
        run_next: The segment that it makes next, as far as it has said.
        is_alive: Whether its process has been seen of late.
    """

    id: UUID
    session_id: UUID
    index: int
    variant: Variant
    run: UUID | None
    run_first: int
    run_next: int
    is_alive: bool

    @classmethod
    def of(cls, row: Row) -> Self:
        """Read a row of the table with `is_alive`."""
        return cls(
            id=row["id"],
            session_id=row["session_id"],
            index=row["index"],
            variant=Variant(row["codec"], row["resolution"], row["bitrate"]),
            run=row["run"],
            run_first=row["run_first"] or 0,
            run_next=row["run_next"] or 0,
            is_alive=row["run"] is not None and bool(row["is_alive"]),
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is over; its files lie with the owner of its asset."""

    id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class Beat:
    """What the others say of a run: the segment wanted last, and how many seconds ago it was asked for.

    `behind` is how much longer ago than another variant of the session.
    """

    wanted: int
    quiet: float
    behind: float


async def open_session(db: Database, asset_id: UUID, variants: Sequence[Variant]) -> tuple[UUID, list[Ended]]:
    """Begin a session; also returns those that had to go for it."""
    async with db.transaction():
        session_id = await db.fetchval(
            """INSERT INTO video_stream_session (asset_id, expires_at)
               VALUES ($1, now() + $2 * interval '1 minute') RETURNING id""",
            asset_id,
            IDLE_MINUTES,
        )
        await db.executemany(
            """INSERT INTO video_stream_variant (session_id, "index", codec, resolution, bitrate)
               VALUES ($1, $2, $3, $4, $5)""",
            [(session_id, at, each.codec, each.resolution, each.bitrate) for at, each in enumerate(variants)],
        )
        oldest = "s.id IN (SELECT id FROM video_stream_session WHERE id <> $1 ORDER BY expires_at DESC OFFSET $2)"
        return session_id, await _end(db, oldest, session_id, MOST_SESSIONS - 1)


async def ask(
    db: Database, session_id: UUID, asset_id: UUID, index: int, *, segment: int | None = None
) -> VariantRow | None:
    """Note that a session is used, and which segment is wanted; None where there is no such variant."""
    row = await db.fetchrow(
        """WITH used AS (
             UPDATE video_stream_session SET expires_at = now() + $5 * interval '1 minute'
             WHERE id = $1 AND asset_id = $2 AND expires_at > now() RETURNING id)
           UPDATE video_stream_variant v SET wanted = coalesce($4, wanted),
             asked_at = CASE WHEN $4::integer IS NULL THEN asked_at ELSE now() END
           FROM used WHERE v.session_id = used.id AND v."index" = $3
           RETURNING v.*, v.run_seen_at > now() - $6 * interval '1 second' AS is_alive""",
        *(session_id, asset_id, index, segment, IDLE_MINUTES, _ALIVE_SECONDS),
    )
    return None if row is None else VariantRow.of(row)


async def variant(db: Database, variant_id: UUID) -> VariantRow | None:
    """A variant as it is now; None when its session is over."""
    row = await db.fetchrow(
        """SELECT *, run_seen_at > now() - $2 * interval '1 second' AS is_alive
           FROM video_stream_variant WHERE id = $1""",
        variant_id,
        _ALIVE_SECONDS,
    )
    return None if row is None else VariantRow.of(row)


async def last_wanted(db: Database, session_id: UUID) -> int:
    """The segment that the session wanted last, of whichever variant."""
    wanted = await db.fetchval(
        "SELECT wanted FROM video_stream_variant WHERE session_id = $1 ORDER BY asked_at DESC NULLS LAST LIMIT 1",
        session_id,
    )
    return wanted or 0


async def claim(db: Database, row: VariantRow, run: UUID, first: int) -> bool:
    """Make `run` the one that encodes a variant, in place of the one of the row; False if another was faster."""
    async with db.transaction():
        is_ours = await db.fetchval(
            """UPDATE video_stream_variant SET run = $3, run_first = $4, run_next = $4, run_seen_at = now()
               WHERE id = $1 AND run IS NOT DISTINCT FROM $2 RETURNING true""",
            *(row.id, row.run, run, first),
        )
        if is_ours:
            await db.execute(
                """UPDATE video_stream_variant SET run = NULL WHERE run <> $1 AND id IN (
                     SELECT id FROM video_stream_variant
                     WHERE run IS NOT NULL AND run_seen_at > now() - $2 * interval '1 second'
                     ORDER BY run = $1 DESC, asked_at DESC NULLS LAST OFFSET $3)""",
                *(run, _ALIVE_SECONDS, MOST_RUNS),
            )
    return bool(is_ours)


async def beat(db: Database, runs: Iterable[tuple[UUID, UUID, int]]) -> dict[UUID, Beat]:
    """Say that runs are alive: (variant, run, next segment); those that lost their variant get no answer."""
    variants, ids, following = (list(each) for each in zip(*runs, strict=True))
    rows = await db.fetch(
        """UPDATE video_stream_variant v SET run_next = own.next, run_seen_at = now()
           FROM unnest($1::uuid[], $2::uuid[], $3::integer[]) AS own (id, run, next)
           WHERE v.id = own.id AND v.run = own.run
           RETURNING v.id, v.wanted, coalesce(extract(epoch FROM now() - v.asked_at), 0)::float8 AS quiet,
             coalesce(extract(epoch FROM (SELECT max(o.asked_at) FROM video_stream_variant o
               WHERE o.session_id = v.session_id) - v.asked_at), 0)::float8 AS behind""",
        *(variants, ids, following),
    )
    return {row["id"]: Beat(row["wanted"], row["quiet"], row["behind"]) for row in rows}


async def release(db: Database, variant_id: UUID, run: UUID) -> None:
    """Nobody encodes the variant any more, if it was this run."""
    await db.execute("UPDATE video_stream_variant SET run = NULL WHERE id = $1 AND run = $2", variant_id, run)


async def end(db: Database, session_id: UUID, asset_id: UUID) -> list[Ended]:
    """End one session; nothing where there is none."""
    return await _end(db, "s.id = $1 AND s.asset_id = $2", session_id, asset_id)


async def end_idle(db: Database) -> list[Ended]:
    """End the sessions whose time is up."""
    return await _end(db, "s.expires_at <= now()")


async def end_all(db: Database) -> list[Ended]:
    """End every session."""
    return await _end(db, "true")


async def living(db: Database, session_ids: Iterable[UUID]) -> set[UUID]:
    """Those of them that are not over."""
    rows = await db.fetch("SELECT id FROM video_stream_session WHERE id = ANY($1::uuid[])", list(session_ids))
    return {row["id"] for row in rows}


async def is_switched_off(db: Database) -> bool:
    """Whether the administrator has switched this plugin off; otherwise it stops because its process does."""
    return bool(await db.fetchval("SELECT NOT is_enabled FROM plugin_state WHERE name = 'transcode'"))


async def _end(db: Database, which: str, *values: object) -> list[Ended]:
    rows = await db.fetch(
        f"""DELETE FROM video_stream_session s USING asset a WHERE a.id = s.asset_id AND {which}
            RETURNING s.id, a.owner_id""",  # noqa: S608 - conditions are constants of this file
        *values,
    )
    return [Ended(row["id"], row["owner_id"]) for row in rows]
