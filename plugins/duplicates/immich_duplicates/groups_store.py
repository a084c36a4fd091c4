"""Queries of groups: who matches whom, what people have settled, and which group an asset is in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from immich_duplicates.grouping import Member
from immich_duplicates.merging import Copy
from immich_duplicates.store import IS_CANDIDATE, Near
from immich_host.plugin_api.database import Database, Row

_CANDIDATE = IS_CANDIDATE.format("a")

_SETTLED = """
EXISTS (SELECT FROM duplicates_settled one JOIN duplicates_settled other USING (duplicate_id)
        WHERE one.asset_id = {0} AND other.asset_id = {1})
"""

_MEMBERS = f"""
SELECT a.id, a.duplicate_id, p.grouped_as, ({_CANDIDATE}) AS is_candidate
FROM asset a LEFT JOIN duplicates_fingerprint p ON p.asset_id = a.id
WHERE a.owner_id = $1 AND (a.id = ANY($2::uuid[]) OR a.duplicate_id = ANY($3::uuid[]))
"""  # noqa: S608 - composed of constants

_LINKS = f"""
SELECT m.asset_id, m.other_id FROM duplicates_match m
WHERE m.asset_id = ANY($1::uuid[]) AND NOT {_SETTLED.format("m.asset_id", "m.other_id")}
"""  # noqa: S608 - composed of constants

_PARTNERS = f"""
SELECT m.other_id FROM duplicates_match m JOIN asset a ON a.id = m.other_id
WHERE m.asset_id = $1 AND {_CANDIDATE} AND NOT {_SETTLED.format("m.asset_id", "m.other_id")}
"""  # noqa: S608 - composed of constants

_EXIF_VALUES = (
    "e.make", "e.model", "e.lens_model", "e.exif_image_width", "e.exif_image_height", "e.orientation",
    "e.date_time_original", "e.modify_date", "e.time_zone", "e.f_number", "e.focal_length", "e.iso",
    "e.exposure_time", "e.latitude", "e.longitude", "e.city", "e.state", "e.country", "nullif(e.description, '')",
    "e.fps", "e.projection_type", "e.profile_description", "e.colorspace", "e.bits_per_sample", "e.rating", "e.tags",
)  # fmt: skip

_GROUPS = f"""
SELECT a.duplicate_id AS id, array_agg(a.id ORDER BY a.file_created_at, a.id) AS asset_ids,
  (array_agg(a.id ORDER BY e.file_size_in_byte DESC NULLS LAST, num_nonnulls({", ".join(_EXIF_VALUES)}) DESC,
             a.file_created_at, a.id))[1] AS keep_id
FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id
WHERE a.owner_id = $1 AND a.duplicate_id = ANY($2::uuid[]) AND {_CANDIDATE}
GROUP BY a.duplicate_id HAVING count(*) > 1 ORDER BY array_position($2::uuid[], a.duplicate_id)
"""  # noqa: S608 - composed of constants

_GROUP_IDS = f"""
SELECT a.duplicate_id FROM asset a WHERE a.owner_id = $1 AND a.duplicate_id IS NOT NULL AND {_CANDIDATE}
GROUP BY a.duplicate_id HAVING count(*) > 1 ORDER BY max(a.local_date_time) DESC, a.duplicate_id
"""  # noqa: S608 - composed of constants

_COPIES = """
SELECT a.id, a.is_favorite, a.visibility, e.rating, coalesce(e.description, '') AS description, e.latitude, e.longitude,
  coalesce(e.tags, '{}') AS tags
FROM asset a LEFT JOIN asset_exif e ON e.asset_id = a.id WHERE a.id = ANY($1::uuid[])
ORDER BY e.file_size_in_byte DESC NULLS LAST, a.file_created_at, a.id
"""

_LONELY = f"""
SELECT a.duplicate_id FROM asset a WHERE a.owner_id = $1 AND a.duplicate_id IS NOT NULL
GROUP BY a.duplicate_id HAVING count(*) FILTER (WHERE {_CANDIDATE}) < 2 LIMIT 1000
"""  # noqa: S608 - composed of constants


async def lock(db: Database, owner_id: UUID) -> None:
    """Nobody else changes this owner's groups until the end of the transaction. Before any asset is locked."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"duplicates {owner_id}")


async def matched(db: Database, asset_id: UUID) -> set[UUID]:
    """What an asset matches, whichever of the two was looked at later."""
    rows = await db.fetch("SELECT other_id FROM duplicates_match WHERE asset_id = $1", asset_id)
    return {row["other_id"] for row in rows}


async def replace_matches(db: Database, asset_id: UUID, near: Sequence[Near], kept: Collection[UUID] = ()) -> None:
    """Note what an asset matches and what matches it, in place of what did before; those that are gone are left out.

    Matches with those that are `kept` stay as they are.

    Both ways, so that what is kept does not depend on which was looked at first.
    """
    await db.execute(
        """DELETE FROM duplicates_match WHERE (asset_id = $1 AND other_id <> ALL ($2::uuid[]))
           OR (other_id = $1 AND asset_id <> ALL ($2::uuid[]))""",
        asset_id, list(kept),
    )  # fmt: skip
    await db.execute(
        """INSERT INTO duplicates_match (asset_id, other_id, distance)
           SELECT pair.one, pair.two, near.distance FROM unnest($2::uuid[], $3::real[]) AS near (id, distance)
           JOIN asset other ON other.id = near.id JOIN asset own ON own.id = $1
           CROSS JOIN LATERAL (VALUES (own.id, other.id), (other.id, own.id)) AS pair (one, two)
           ORDER BY 1, 2""",
        asset_id, [each.asset_id for each in near], [each.distance for each in near],
    )  # fmt: skip


async def partners(db: Database, asset_id: UUID) -> set[UUID]:
    """What an asset matches and may be in a group with: nobody has said that they are no duplicates."""
    return {row["other_id"] for row in await db.fetch(_PARTNERS, asset_id)}


async def members(
    db: Database, owner_id: UUID, asset_ids: Iterable[UUID], groups: Iterable[UUID] = ()
) -> dict[UUID, Member]:
    """Assets of an owner, by their ids or their groups."""
    rows = await db.fetch(_MEMBERS, owner_id, list(asset_ids), list(groups))
    return {row["id"]: Member(**dict(row)) for row in rows}


async def surroundings(
    db: Database, owner_id: UUID, asset_ids: Iterable[UUID], groups: Iterable[UUID] = ()
) -> tuple[list[Member], set[tuple[UUID, UUID]]]:
    """All assets that hang together with some, by matches or as members of one group, and their matches."""
    found: dict[UUID, Member] = {}
    links: set[tuple[UUID, UUID]] = set()
    seen: set[UUID] = set()
    more, more_groups = set(asset_ids), set(groups)
    while more or more_groups:
        fresh = await members(db, owner_id, more, more_groups)
        fresh = {each: member for each, member in fresh.items() if each not in found}
        found |= fresh
        seen |= more_groups
        new_links = {(row["asset_id"], row["other_id"]) for row in await db.fetch(_LINKS, list(fresh))}
        links |= new_links
        tried = more | found.keys()
        more = {each for link in new_links for each in link} - tried
        more_groups = {m.duplicate_id for m in fresh.values() if m.duplicate_id is not None} - seen
    return list(found.values()), links


async def note_groups(db: Database, groups: Mapping[UUID, UUID | None]) -> None:
    """Remember the groups that assets were put into."""
    await db.execute(
        """UPDATE duplicates_fingerprint SET grouped_as = put.group_id
           FROM unnest($1::uuid[], $2::uuid[]) AS put (asset_id, group_id)
           WHERE duplicates_fingerprint.asset_id = put.asset_id""",
        list(groups.keys()), list(groups.values()),
    )  # fmt: skip


async def settle(db: Database, groups: Mapping[UUID, UUID]) -> None:
    """Remember that somebody wants to keep these assets, by the group that they were in: all of each group."""
    await db.execute(
        """INSERT INTO duplicates_settled (asset_id, duplicate_id)
           SELECT asset.id, kept.group_id FROM unnest($1::uuid[], $2::uuid[]) AS kept (id, group_id)
           JOIN asset ON asset.id = kept.id ON CONFLICT DO NOTHING""",
        list(groups.keys()), list(groups.values()),
    )  # fmt: skip


async def _settle_with_the_rest(db: Database, asset_id: UUID, group: UUID) -> None:
    """Remember that an asset is no duplicate of any that is still in a group; of these nothing is said."""
    await db.execute(
        """WITH pair AS MATERIALIZED (
             SELECT a.id, gen_random_uuid() AS settled_as FROM asset a JOIN asset own ON own.owner_id = a.owner_id
             WHERE own.id = $1 AND a.duplicate_id = $2 AND a.id <> $1)
           INSERT INTO duplicates_settled (asset_id, duplicate_id)
           SELECT id, settled_as FROM pair UNION ALL SELECT $1, settled_as FROM pair""",
        asset_id, group,
    )  # fmt: skip


async def settle_cleared(db: Database, asset_id: UUID) -> tuple[UUID, UUID] | None:
    """Note that somebody has taken an asset out of the group that it was put into: its owner and the group."""
    async with db.transaction():
        row: Row | None = await db.fetchrow(
            """SELECT a.owner_id, p.grouped_as FROM duplicates_fingerprint p JOIN asset a ON a.id = p.asset_id
               WHERE a.id = $1 AND a.duplicate_id IS NULL AND p.grouped_as IS NOT NULL FOR UPDATE OF p""",
            asset_id,
        )
        if row is None:
            return None
        await settle(db, {asset_id: row["grouped_as"]})  # with others that are taken out at the same time
        await _settle_with_the_rest(db, asset_id, row["grouped_as"])
        await note_groups(db, {asset_id: None})
    return row["owner_id"], row["grouped_as"]


async def groups_of(db: Database, asset_ids: Sequence[UUID]) -> list[UUID]:
    """The groups that assets are in."""
    rows = await db.fetch(
        "SELECT DISTINCT duplicate_id FROM asset WHERE id = ANY($1::uuid[]) AND duplicate_id IS NOT NULL ORDER BY 1",
        list(asset_ids),
    )
    return [row["duplicate_id"] for row in rows]


async def with_fingerprint(db: Database, asset_ids: Sequence[UUID]) -> list[UUID]:
    """Those of some assets that were looked at before."""
    rows = await db.fetch("SELECT asset_id FROM duplicates_fingerprint WHERE asset_id = ANY($1::uuid[])", asset_ids)
    return [row["asset_id"] for row in rows]


async def copies(db: Database, asset_ids: Sequence[UUID]) -> list[Copy]:
    """What people may have said about assets, the largest file first."""
    return [Copy(**dict(row)) for row in await db.fetch(_COPIES, list(asset_ids))]


async def lonely(db: Database, owner_id: UUID) -> list[UUID]:
    """Groups of an owner that have fewer than two assets which count; at most 1000."""
    return [row["duplicate_id"] for row in await db.fetch(_LONELY, owner_id)]


async def group_ids(db: Database, owner_id: UUID) -> list[UUID]:
    """An owner's groups, those with the newest pictures first."""
    return [row["duplicate_id"] for row in await db.fetch(_GROUP_IDS, owner_id)]


async def groups(db: Database, owner_id: UUID, ids: Sequence[UUID]) -> list[Row]:
    """Groups with their assets and the one that is best kept: the largest file, then the one that says most."""
    return await db.fetch(_GROUPS, owner_id, list(ids))
