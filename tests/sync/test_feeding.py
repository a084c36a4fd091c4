"""Clients that stop reading, and many at once, hold nothing for ever."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

import pytest

from immich_host.sync.feeding import Places, Slow
from immich_host.testing.waiting import PATIENCE


class Source:
    """Pieces without an end; knows whether it is open."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.closed = asyncio.Event()

    async def pieces(self) -> AsyncGenerator[bytes]:
        self.begun.set()
        try:
            while True:
                yield b"x"
        finally:
            self.closed.set()


async def test_a_client_that_takes_nothing_is_let_go() -> None:
    source = Source()
    fed = Places().fed(uuid4(), source.pieces(), seconds=0.05)
    assert await anext(fed) == b"x"
    await asyncio.wait_for(source.closed.wait(), PATIENCE)
    with pytest.raises(Slow):
        await anext(fed)


async def test_a_client_that_leaves_closes_its_source() -> None:
    source = Source()
    fed = Places().fed(uuid4(), source.pieces())
    await anext(fed)
    await fed.aclose()  # type: ignore[attr-defined]
    assert source.closed.is_set()


async def test_one_user_leaves_places_for_others() -> None:
    places, greedy, modest = Places(at_once=3, of_one_user=2), uuid4(), uuid4()

    async def begin(user: UUID) -> tuple[Source, "asyncio.Task[bytes]", object]:
        source = Source()
        fed = places.fed(user, source.pieces())
        return source, asyncio.ensure_future(anext(fed)), fed

    many = [await begin(greedy) for _ in range(4)]
    other = await begin(modest)
    assert await asyncio.wait_for(other[1], PATIENCE) == b"x"
    assert [source.begun.is_set() for source, _, _ in many] == [True, True, False, False]
    await many[0][2].aclose()  # type: ignore[attr-defined]
    assert await asyncio.wait_for(many[2][1], PATIENCE) == b"x"
    many[3][1].cancel()


async def test_what_goes_wrong_at_the_source_is_the_clients_to_see() -> None:
    async def broken() -> AsyncGenerator[bytes]:
        yield b"a"
        raise OSError("the database is gone")

    fed = Places().fed(uuid4(), broken())
    with pytest.raises(OSError, match="gone"):
        assert [piece async for piece in fed] == []
