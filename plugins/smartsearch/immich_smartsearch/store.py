"""Every statement of this plugin, but for those of searches (`neighbours.py`)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from immich_host.plugin_api.database import Database
from immich_smartsearch.models import RULES, Model

_MODEL = """SELECT model.*, coalesce((SELECT indisvalid FROM pg_index
                   WHERE indexrelid = to_regclass('smart_search_model_' || model.id)), false) AS is_indexed
            FROM smartsearch_model AS model"""

_ELIGIBLE = "asset.status <> 'deleted' AND asset.visibility <> 'hidden' AND asset.type IN ('IMAGE', 'VIDEO')"
"""What is in the trash counts: it is found where it is asked for, and may come back."""

_PREVIEW = """LATERAL (SELECT path, update_id FROM asset_file
                       WHERE asset_file.asset_id = asset.id AND asset_file.type = 'preview'
                       ORDER BY asset_file.is_edited = asset.is_edited DESC LIMIT 1) AS file"""
"""What people see: the edited one of an edited asset."""


# --- models -------------------------------------------------------------------------------------


async def models(db: Database) -> list[Model]:
    """All models that there are, or were and have rows still; in order of their coming."""
    return [Model.of_row(row) for row in await db.fetch(f"{_MODEL} ORDER BY model.id")]


async def current(db: Database, name: str) -> Model:
    """The model of a name, noted if it is new. The first of all answers from the beginning."""
    while True:
        row = await db.fetchrow(
            f"{_MODEL} WHERE model.name = $1 AND model.rules = $2 AND model.is_current", name, RULES
        )
        if row is not None:
            return Model.of_row(row)
        await db.execute(
            """INSERT INTO smartsearch_model (name, rules, is_answering)
               SELECT $1, $2, NOT EXISTS (SELECT FROM smartsearch_model WHERE is_answering) ON CONFLICT DO NOTHING""",
            name,
            RULES,
        )


async def answering(db: Database) -> Model | None:
    """The model by whose vectors searches are answered; None before the first."""
    row = await db.fetchrow(f"{_MODEL} WHERE model.is_answering")
    return None if row is None else Model.of_row(row)


async def with_dimensions(db: Database, model: Model, dimensions: int) -> Model:
    """The model of the same name that has so many; a new one where it had others before."""
    while True:
        async with db.transaction():
            fits = await db.fetchval(
                """UPDATE smartsearch_model SET dimensions = coalesce(dimensions, $2) WHERE id = $1
                   RETURNING dimensions = $2""",
                model.id,
                dimensions,
            )
            if fits:
                return Model.of_row(await db.fetchrow(f"{_MODEL} WHERE model.id = $1", model.id))
            if fits is False:
                await _replace_current(db, model, dimensions)
        # it may be another that somebody else has put in its place: that one is looked at in its turn
        model = await current(db, model.name)


async def _replace_current(db: Database, model: Model, dimensions: int) -> None:
    await db.execute("UPDATE smartsearch_model SET is_current = false WHERE id = $1", model.id)
    await db.execute(
        """INSERT INTO smartsearch_model (name, rules, dimensions) VALUES ($1, $2, $3)
           ON CONFLICT (name, rules) WHERE is_current DO NOTHING""",
        model.name,
        RULES,
        dimensions,
    )


async def answer_by(db: Database, model: Model) -> None:
    """From now on searches are answered by this model; the others are retired."""
    async with db.transaction():
        await db.execute(
            "UPDATE smartsearch_model SET is_answering = false, retired_at = now() WHERE is_answering AND id <> $1",
            model.id,
        )
        await db.execute("UPDATE smartsearch_model SET is_answering = true, retired_at = NULL WHERE id = $1", model.id)


async def retire_all_but(db: Database, kept: Sequence[Model]) -> None:
    """Models that nobody wants any more go after a while; those that are wanted again stay."""
    ids = [model.id for model in kept]
    await db.execute(
        """UPDATE smartsearch_model SET retired_at = CASE WHEN id = ANY($1) THEN NULL ELSE now() END
           WHERE (retired_at IS NULL) <> (id = ANY($1))""",
        ids,
    )
    await db.execute("UPDATE smartsearch_model SET asked_at = NULL WHERE asked_at IS NOT NULL AND id <> ALL($1)", ids)


async def asked(db: Database, model: Model) -> None:
    """All assets that lack this model's vector have been asked for."""
    await db.execute("UPDATE smartsearch_model SET asked_at = now() WHERE id = $1", model.id)


async def index_failed(db: Database, model: Model) -> None:
    """The model's index could not be built now."""
    await db.execute("UPDATE smartsearch_model SET index_failed_at = now() WHERE id = $1", model.id)


async def build_progress(db: Database, model: Model) -> int | None:
    """How many vectors are in the index that is being built; None where none is."""
    return await db.fetchval(
        "SELECT tuples_done FROM pg_stat_progress_create_index WHERE index_relid = to_regclass($1)", model.index
    )


async def forget_some(db: Database, model: Model, amount: int) -> bool:
    """Remove some rows of a model, at last the model itself; whether that is done."""
    gone = await db.execute(
        """DELETE FROM smart_search WHERE model_id = $1 AND asset_id IN
             (SELECT asset_id FROM smart_search WHERE model_id = $1 LIMIT $2)""",
        model.id,
        amount,
    )
    if gone != "DELETE 0":
        return False
    await db.execute("DELETE FROM smartsearch_model WHERE id = $1 AND NOT is_answering", model.id)
    return True


async def note_problem(db: Database, model: Model, problem: str, asset_id: UUID) -> bool:
    """Note why the model cannot be used; whether this asset is the one by which it is told."""
    return await db.fetchval(
        """UPDATE smartsearch_model SET problem = $2,
             problem_asset_id = CASE WHEN problem IS NULL
               OR NOT EXISTS (SELECT FROM asset WHERE id = problem_asset_id) THEN $3 ELSE problem_asset_id END
           WHERE id = $1 RETURNING problem_asset_id = $3""",
        model.id,
        problem,
        asset_id,
    )


async def no_problem(db: Database, model: Model) -> None:
    """It can be used again; all that lacks its vector is to be asked for anew."""
    await db.execute(
        "UPDATE smartsearch_model SET problem = NULL, problem_asset_id = NULL, asked_at = NULL WHERE id = $1", model.id
    )


async def has_more_than(db: Database, model: Model, amount: int) -> bool:
    """Whether a model has more rows than that."""
    sql = "SELECT count(*) > $2 FROM (SELECT FROM smart_search WHERE model_id = $1 LIMIT $2 + 1) AS first"
    return await db.fetchval(sql, model.id, amount)


async def counts(db: Database) -> dict[int, int]:
    """Model -> how many assets were looked at by it."""
    rows = await db.fetch("SELECT model_id, count(*) AS amount FROM smart_search GROUP BY model_id")
    return {row["model_id"]: row["amount"] for row in rows}


# --- assets -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Looked:
    """An asset as this plugin needs it: the path of its preview, as its row has it, and which models have seen that."""

    is_eligible: bool
    preview: str | None
    preview_id: UUID | None
    models: frozenset[int]


async def look(db: Database, asset_id: UUID) -> Looked | None:
    """An asset, or None when it is gone."""
    row = await db.fetchrow(
        f"""SELECT asset.visibility <> 'hidden' AND asset.type IN ('IMAGE', 'VIDEO') AS is_eligible,
                   file.path AS preview, file.update_id AS preview_id,
                   ARRAY(SELECT model_id FROM smart_search
                         WHERE asset_id = asset.id AND preview_id = file.update_id AND embedding IS NOT NULL) AS models
            FROM asset LEFT JOIN {_PREVIEW} ON true WHERE asset.id = $1""",
        asset_id,
    )
    if row is None:
        return None
    return Looked(row["is_eligible"], row["preview"], row["preview_id"], frozenset(row["models"]))


async def save(db: Database, asset_id: UUID, model_id: int, preview_id: UUID | None, embedding: str | None) -> None:
    """Keep the vector of a preview, or that there is none; nothing where asset or model are gone meanwhile."""
    await db.execute(
        """INSERT INTO smart_search (asset_id, model_id, preview_id, embedding)
           SELECT asset.id, model.id, $3, ($4::text)::halfvec FROM asset, smartsearch_model AS model
           WHERE asset.id = $1 AND model.id = $2 FOR KEY SHARE
           ON CONFLICT (asset_id, model_id)
           DO UPDATE SET preview_id = excluded.preview_id, embedding = excluded.embedding""",
        asset_id,
        model_id,
        preview_id,
        embedding,
    )


async def save_failure(db: Database, asset_id: UUID, model: Model) -> None:
    """Keep that nothing came of an asset's preview, unless a vector is there."""
    await db.execute(
        f"""INSERT INTO smart_search (asset_id, model_id, preview_id)
            SELECT asset.id, model.id, file.update_id
            FROM smartsearch_model AS model, asset LEFT JOIN {_PREVIEW} ON true
            WHERE asset.id = $1 AND model.id = $2
            ON CONFLICT (asset_id, model_id) DO UPDATE SET preview_id = excluded.preview_id
              WHERE smart_search.embedding IS NULL""",
        asset_id,
        model.id,
    )


async def without_vector(db: Database, model: Model, *, again: bool) -> AsyncIterator[UUID]:
    """Assets whose preview has no vector of a model; with `again` also those of which nothing came before."""
    failed = "kept.embedding IS NULL OR " if again else ""
    sql = f"""SELECT asset.id FROM asset JOIN {_PREVIEW} ON true
              LEFT JOIN smart_search AS kept ON kept.asset_id = asset.id AND kept.model_id = $1
              WHERE {_ELIGIBLE} AND (kept.asset_id IS NULL OR {failed}kept.preview_id IS DISTINCT FROM file.update_id)
              ORDER BY asset.id"""
    async for row in db.stream(sql, model.id):
        yield row["id"]


async def covers(db: Database, model: Model, other: Model) -> bool:
    """Whether one model has looked at every asset that is found by the vector of another."""
    return await db.fetchval(
        f"""SELECT NOT EXISTS (
              SELECT FROM smart_search AS found JOIN asset ON asset.id = found.asset_id
              WHERE found.model_id = $2 AND found.embedding IS NOT NULL AND {_ELIGIBLE}
                AND NOT EXISTS (SELECT FROM smart_search AS kept
                                WHERE kept.asset_id = found.asset_id AND kept.model_id = $1))""",
        model.id,
        other.id,
    )


async def seen(db: Database, asset_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the assets that were looked at by any model."""
    rows = await db.fetch("SELECT DISTINCT asset_id FROM smart_search WHERE asset_id = ANY($1)", list(asset_ids))
    return {row["asset_id"] for row in rows}


async def vectors(db: Database, asset_id: UUID) -> dict[int, str]:
    """Model -> an asset's vector by it."""
    sql = "SELECT model_id, embedding::text AS vector FROM smart_search WHERE asset_id = $1 AND embedding IS NOT NULL"
    return {row["model_id"]: row["vector"] for row in await db.fetch(sql, asset_id)}


async def eligible(db: Database) -> int:
    """How many assets there are to be looked at."""
    return await db.fetchval(f"SELECT count(*) FROM asset WHERE {_ELIGIBLE}")
