"""Every query of this plugin."""

from collections.abc import AsyncIterator, Iterator, Sequence
from uuid import UUID

from immich_host.plugin_api.database import Database, Row
from immich_ocr.lines import Line
from immich_ocr.searching import Term

_NUMBERS = "x1, y1, x2, y2, x3, y3, x4, y4, box_score, text_score"

_SAVED = f"SELECT id, {_NUMBERS}, text FROM asset_ocr WHERE asset_id = $1 ORDER BY id"

_LIKE = "f_unaccent(text) LIKE f_unaccent(?)"

_NOT_READ = """
SELECT a.id FROM asset a LEFT JOIN asset_job_status s ON s.asset_id = a.id
WHERE a.deleted_at IS NULL AND a.visibility <> 'hidden' AND s.ocr_at IS NULL
  AND EXISTS (SELECT FROM asset_file f WHERE f.asset_id = a.id AND f.type = 'preview' AND NOT f.is_edited)
ORDER BY a.created_at DESC, a.id
"""


async def hold(db: Database, asset_id: UUID) -> bool:
    """Nobody else saves text of this asset until the end of the transaction; False where it is gone."""
    return await db.fetchval("SELECT true FROM asset WHERE id = $1 FOR NO KEY UPDATE", asset_id) is True


async def saved(db: Database, asset_id: UUID) -> list[Row]:
    """Rows of an asset, also those that an edit has hidden."""
    return await db.fetch(_SAVED, asset_id)


async def visible(db: Database, asset_id: UUID) -> list[Row]:
    """Rows of an asset that are in the picture as it is shown."""
    return await db.fetch(_SAVED.replace("ORDER", "AND is_visible ORDER"), asset_id)


async def remove(db: Database, ids: Sequence[UUID]) -> None:
    """Take rows away; their ids are kept for phones that have them."""
    await db.execute("DELETE FROM asset_ocr WHERE id = ANY($1::uuid[])", ids)


async def add(db: Database, asset_id: UUID, lines: Sequence[Line]) -> None:
    """Add lines."""
    await db.executemany(
        f"INSERT INTO asset_ocr (asset_id, text, {_NUMBERS}) "
        f"VALUES ($1, $2, {', '.join(f'${number}' for number in range(3, 13))})",
        [(asset_id, line.text, *line.numbers) for line in lines],
    )


async def set_search_text(db: Database, asset_id: UUID, text: str) -> None:
    """What is searched of an asset; nothing where empty."""
    if not text:
        await db.execute("DELETE FROM ocr_search WHERE asset_id = $1", asset_id)
        return
    await db.execute(
        "INSERT INTO ocr_search (asset_id, text) VALUES ($1, $2) "
        "ON CONFLICT (asset_id) DO UPDATE SET text = excluded.text WHERE ocr_search.text <> excluded.text",
        asset_id,
        text,
    )


async def not_read(db: Database) -> AsyncIterator[UUID]:
    """Assets with a preview in which text was never looked for, newest first; not hidden, not in the trash."""
    async for row in db.stream(_NOT_READ):
        yield row["id"]


async def is_read(db: Database, asset_id: UUID) -> bool:
    """Whether text was looked for in an asset."""
    return bool(await db.fetchval("SELECT ocr_at IS NOT NULL FROM asset_job_status WHERE asset_id = $1", asset_id))


def having(terms: Sequence[Term]) -> tuple[str, list[str]]:
    """The condition, over the alias `asset` and with `?` for its arguments, that an asset's text has all terms."""
    conditions = [one for term in terms for one in _conditions(term)]
    wanted = " AND ".join(sql for sql, _ in conditions) or "false"
    arguments = [argument for _, given in conditions for argument in given]
    return f"asset.id IN (SELECT asset_id FROM ocr_search WHERE {wanted})", arguments


def _conditions(term: Term) -> Iterator[tuple[str, tuple[str, ...]]]:
    if term.alike:
        yield f"({_LIKE} OR f_unaccent(?) <<% f_unaccent(text))", (term.pattern, term.word)
    else:
        yield _LIKE, (term.pattern,)
    if term.other_letters:
        yield "ocr_pairs(text) @> ocr_pairs(?)", (term.word,)
