"""The statements of searches: whose vectors are nearest, exactly or by an index.

Distances are cosine distances; among equal ones the id decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from immich_host.plugin_api.conditions import Conditions
from immich_host.plugin_api.database import Database
from immich_smartsearch.models import Model

_PLANS = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
"""Left to itself PostgreSQL takes the exact way wherever there is a filter; which way it is was decided before."""

_SETTINGS = "SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS setting (name, value)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: the nearest of a vector, by a model, among some assets."""

    model: Model
    vector: str
    among: Conditions

    def copy(self) -> Conditions:
        """The conditions, to which more can be added."""
        return Conditions(list(self.among.parts), list(self.among.args), self.among.needs_exif)

    @property
    def assets(self) -> str:
        """What conditions are about."""
        exif = " LEFT JOIN asset_exif AS exif ON exif.asset_id = asset.id" if self.among.needs_exif else ""
        return f"asset{exif}"

    def distance(self, vector: str) -> str:
        """SQL: from the row `found` to a vector, given as the mark of an argument."""
        kind = f"halfvec({self.model.dimensions})"
        # read once by the sub-select; a parameter would be read again for every row
        return f"(found.embedding::{kind}) <=> (SELECT ({vector}::text)::{kind})"


@dataclass(frozen=True, slots=True)
class Effort:
    """How far the index is followed: hnsw.ef_search, and hnsw.max_scan_tuples where filters take much away."""

    candidates: int
    tuples: int

    def settings(self) -> Mapping[str, str]:
        """For the transaction of a search."""
        return _PLANS | {
            "hnsw.ef_search": str(self.candidates),
            "hnsw.max_scan_tuples": str(self.tuples),
            "hnsw.iterative_scan": "relaxed_order",
            "hnsw.scan_mem_multiplier": "4",
        }


async def exactly(
    db: Database, wanted: Wanted, *, start: int, amount: int, without: Sequence[UUID] = (), at_most: int | None = None
) -> list[UUID] | None:
    """The nearest by rank, from `start` (0 is the nearest), by comparing with all; None where these are too many.

    Args:
        db: The database.
        wanted: What is looked for.
        start: Rank of the first.
        amount: How many.
        without: Assets that do not count.
        at_most: With so many assets it is still done.
    """
    among = wanted.copy()
    if without:
        among.add("asset.id <> ALL(?::uuid[])", list(without))
    limit, fits = "", "true"
    if at_most is not None:
        limit, fits = f"LIMIT {at_most + 1:d}", f"(TABLE amount) <= {at_most:d}"
    where = among.where
    distance = wanted.distance(among.argument(wanted.vector))
    page = f"LIMIT {among.argument(amount)} OFFSET {among.argument(start)}"
    row = await db.fetchrow(
        f"""WITH candidate AS MATERIALIZED (SELECT asset.id FROM {wanted.assets} WHERE {where} {limit}),
                 amount AS MATERIALIZED (SELECT count(*) FROM candidate)
            SELECT {fits} AS fits, ARRAY(
              SELECT found.asset_id FROM candidate JOIN smart_search AS found ON found.asset_id = candidate.id
              WHERE found.model_id = {wanted.model.id:d} AND found.embedding IS NOT NULL AND {fits}
              -- a sum is no order of the index, by which a plan could take only the nearest few and end
              ORDER BY 0 + ({distance}), found.asset_id {page}) AS ids""",  # noqa: S608 - values are arguments
        *among.args,
    )
    return row["ids"] if row is not None and row["fits"] else None


async def by_index(db: Database, wanted: Wanted, *, amount: int, effort: Effort) -> list[UUID]:
    """About the nearest so many, in order, by the model's index; fewer where it was followed far enough."""
    among = wanted.copy()
    where = among.where
    distance = wanted.distance(among.argument(wanted.vector))
    limit = among.argument(amount)
    settings = effort.settings()
    async with db.transaction():
        await db.execute(_SETTINGS, list(settings), list(settings.values()))
        # LATERAL and OFFSET 0 have each row of the index looked up in its turn, whatever the filter
        rows = await db.fetch(
            f"""SELECT asset_id FROM (
                  SELECT found.asset_id, {distance} AS distance FROM smart_search AS found
                  CROSS JOIN LATERAL (SELECT FROM {wanted.assets}
                                      WHERE asset.id = found.asset_id AND {where} OFFSET 0) AS one
                  WHERE found.model_id = {wanted.model.id:d} ORDER BY distance LIMIT {limit}) AS near
                ORDER BY distance, asset_id""",  # noqa: S608 - values are arguments
            *among.args,
        )
    return [row["asset_id"] for row in rows]
