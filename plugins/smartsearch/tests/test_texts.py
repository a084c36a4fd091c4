"""Vectors of texts are made once."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from immich_host.testing.fixtures import MakeHost
from immich_host.testing.host import expect
from immich_smartsearch import embedding, texts

Found = Callable[..., Awaitable[list[UUID]]]
Library = Callable[..., Awaitable[list[UUID]]]


async def test_the_same_text_is_read_once(
    host: MakeHost, library: Library, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await host(plugins=["inference", "search", "smartsearch"])
    await library(server, 3)
    asked: list[Any] = []

    async def of_text(_host: Any, model: str, text: str, language: str | None) -> str:
        asked.append((model, text, language))
        return str([0.25] * 16)

    monkeypatch.setattr(embedding, "of_text", of_text)
    monkeypatch.setattr(texts, "MOST", 2)
    client = await server.client()
    for body in ({"query": "cat"}, {"query": " cat "}, {"query": "cat", "page": 2}, {"query": "cat", "language": "de"}):
        expect(await client.post("/api/search/smart", json=body), 200)
    assert asked == [("starter", "cat", None), ("starter", "cat", "de")]
    await found(client, query="dog")
    await found(client, query="cat")
    assert [text for _, text, _ in asked] == ["cat", "cat", "dog", "cat"]
    # a novel is looked for, and not kept
    for _ in range(2):
        await found(client, query="cat " * 1000)
    assert len(asked) == 6
