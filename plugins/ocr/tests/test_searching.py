"""Finding pictures by the words in them, in the database."""

from collections.abc import Callable
from uuid import UUID

import pytest
from PIL import Image

from immich_host.plugin_api.web import Caller
from immich_host.testing import RunningHost
from immich_host.testing.fixtures import MakeHost
from immich_ocr import store
from immich_ocr.searching import MOST_TERMS, Term, search_text, terms_of
from immich_ocr.settings import OcrSettings

TEXTS = {
    "receipt": ["CAFÉ Müller", "2 x Crème brûlée 12,50 €", "Invoice No. 2024-0815", "100% Arabica"],
    "station": ["東京駅", "新宿方面 2番線", "Platform_2"],
    "beer": ["キリン一番搾り", "ｷﾘﾝ ＢＥＥＲ"],  # noqa: RUF001 - wide letters
    "bookshop": ["Buchhandlung am Parkplatz", "Straße der Bücher", "C:\\books"],
    "seoul": ["서울특별시", "대한민국 Seoul"],
    "sofia": ["Платформа 4, София", "ΑΘΗΝΑ"],
}


def test_what_is_kept() -> None:
    assert search_text(["Straße  NO.", "Ａ１"]) == " strasse no. a1 "  # noqa: RUF001 - wide letters
    assert search_text(["東京駅", "ｷﾘﾝBeer"]) == " 東京駅 キリンbeer "
    assert search_text([]) == search_text([" ", "\0"]) == ""


def test_what_is_looked_for() -> None:
    assert terms_of("Invoice, of 東京駅") == [
        Term("%invoice%", "invoice", alike=True),
        Term("% of%", "of"),
        Term("%東京駅%", "東京駅", other_letters=True),
    ]
    assert terms_of("駅") == [Term("%駅%", "駅", other_letters=True)]
    assert terms_of("на") == [Term("% на%", "на", other_letters=True)]
    assert terms_of("Müller") == [Term("%müller%", "müller", alike=True)]
    assert terms_of('"4711-0815"') == [Term("%4711-0815%", "4711-0815")]
    assert terms_of(r"5%_\5") == [Term(r"%5\%\_\\5%", r"5%_\5")]
    assert terms_of("€ %") == [Term("%€%", "€", other_letters=True), Term(r"%\%%", "%")]
    assert terms_of(" \0 ") == []
    assert len(terms_of(" ".join(map(str, range(1000))))) == MOST_TERMS
    assert terms_of("cat Cat") == [Term("%cat%", "cat")]


@pytest.fixture
async def kept(host: MakeHost, jpeg: Callable[[Image.Image], bytes]) -> tuple[RunningHost, dict[UUID, str]]:
    server = await host(plugins=["inference", "ocr"])
    await server.configure(OcrSettings(enabled=False))
    ids = {}
    for shade, (name, lines) in enumerate(TEXTS.items()):
        asset_id = await server.upload(jpeg(Image.new("L", (32, 32), shade * 40)), name=f"{name}.jpg")
        await store.set_search_text(server.kernel.db, asset_id, search_text(lines))
        ids[asset_id] = name
    return server, ids


async def found(server: RunningHost, ids: dict[UUID, str], query: str) -> set[str]:
    caller = Caller(await server.user_id(), "", "", is_admin=True)
    given = await server.kernel.hosting.gather("asset_filter", strict=True, params={"ocr": query}, user=caller)
    sql, arguments = given["ocr"]
    for number in range(1, len(arguments) + 1):
        sql = sql.replace("?", f"${number}", 1)
    return {ids[row["id"]] for row in await server.kernel.db.fetch(f"SELECT id FROM asset WHERE {sql}", *arguments)}


QUERIES = {
    "invoice": {"receipt"},
    "INVOICE 0815": {"receipt"},
    "cafe muller": {"receipt"},
    "Crème": {"receipt"},
    "creme brulee": {"receipt"},
    "12,50 €": {"receipt"},
    "invoce": {"receipt"},  # a few letters are another way
    "buchandlung": {"bookshop"},
    "park": {"bookshop"},
    "platz": {"bookshop"},
    "strasse": {"bookshop"},
    "STRAẞE": {"bookshop"},
    "buecher": {"bookshop"},
    "am": {"bookshop"},
    "no": {"receipt"},
    "latz": {"bookshop"},
    "tz": set(),  # short words are beginnings of words
    "invoice parkplatz": set(),  # all words, in one picture
    "東京": {"station"},
    "京駅": {"station"},
    "東京駅": {"station"},
    "駅": {"station"},
    "京": {"station"},
    "京東": set(),
    "東駅": set(),
    "新宿 東京": {"station"},
    "2番線": {"station"},
    "キリン": {"beer"},
    "ｷﾘﾝ": {"beer"},
    "キリンビール": set(),
    "一番": {"beer"},
    "番": {"beer", "station"},
    "beer": {"beer"},
    "서울": {"seoul"},
    "특별": {"seoul"},
    "서울 seoul": {"seoul"},
    "100%": {"receipt"},
    '"Arabica"': {"receipt"},
    "2024-0816": set(),  # numbers are to be exact
    "%": {"receipt"},
    "m_2": {"station"},
    "_": {"station"},
    "c:\\b": {"bookshop"},
    "платформа": {"sofia"},
    "форма": {"sofia"},
    "со": {"sofia"},  # noqa: RUF001 - Cyrillic
    "ия": set(),
    "αθηνα": {"sofia"},
    "'; DROP TABLE ocr_search; --": set(),
    "?": set(),
    "": set(),
}


async def test_queries(kept: tuple[RunningHost, dict[UUID, str]]) -> None:
    server, ids = kept
    assert {query: await found(server, ids, query) for query in QUERIES} == QUERIES


async def test_indexes_serve_the_search(host: MakeHost) -> None:
    """Were nothing of a pattern in an index, PostgreSQL would read every text; 4,000 of them are enough to tell."""
    server = await host(plugins=["inference", "ocr"])
    db = server.kernel.db
    await db.execute(COPIES, await server.user_id(), search_text(["receipt 12", "東京駅"]), search_text(["nothing"]))
    await db.execute("ANALYZE ocr_search")
    for query, index in INDEXES.items():
        sql, arguments = store.having(terms_of(query))
        for number in range(1, len(arguments) + 1):
            sql = sql.replace("?", f"${number}", 1)
        plan = "\n".join(row[0] for row in await db.fetch(f"EXPLAIN SELECT id FROM asset WHERE {sql}", *arguments))
        assert index in plan, (query, plan)
        assert len(await db.fetch(f"SELECT id FROM asset WHERE {sql}", *arguments)) == 4


INDEXES = {
    "receipt": "ocr_search_trigrams",
    "12": "ocr_search_trigrams",
    "recept": "ocr_search_trigrams",
    "東京": "ocr_search_pairs",
    "駅": "ocr_search_pairs",
}

COPIES = """
WITH made AS (
  INSERT INTO asset (owner_id, type, original_path, original_file_name, file_created_at, file_modified_at,
    local_date_time, checksum)
  SELECT $1, 'IMAGE', 'upload/' || n, n || '.jpg', now(), now(), now(), sha256(n::text::bytea)
  FROM generate_series(1, 4000) AS n RETURNING id, original_file_name)
INSERT INTO ocr_search (asset_id, text)
SELECT id, CASE WHEN original_file_name LIKE '%000.jpg' THEN $2 ELSE $3 END FROM made
"""
