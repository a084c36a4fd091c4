"""The stacks port that plugins get (`plugin_api.stacks.StacksPort`)."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from functools import partial
from uuid import UUID

from immich_host.db.database import Database
from immich_host.plugin_api.errors import Refused
from immich_host.plugin_api.push import PushPort

type Publish = Callable[..., Awaitable[None]]

TOGETHER = """
SELECT id FROM asset WHERE id = ANY($1::uuid[])
  OR stack_id = ANY(ARRAY(SELECT stack_id FROM asset WHERE id = ANY($1::uuid[]) AND stack_id IS NOT NULL) || $2::uuid[])
"""
"""Assets ($1) with all that are stacked with them, and what is in stacks ($2); by indexes, as it is no join."""


OTHERS = """
SELECT id FROM asset WHERE stack_id = $1 AND id <> $2
ORDER BY deleted_at IS NOT NULL, visibility NOT IN ('timeline', 'archive'), file_created_at, id LIMIT 2
"""
"""Who is left in a stack ($1) without an asset ($2): the first is shown in its place, so one that can be seen."""


class _MoreHaveCome(Exception):
    """Assets have come into a stack while one waited for those in it."""


class Stacks:
    """Stacks assets for plugins; facts go out with the transaction's commit."""

    def __init__(self, db: Database, publish: Publish, push: PushPort) -> None:
        self._db = db
        self._publish = publish
        self._push = push

    async def hold(self, asset_ids: Collection[UUID] = (), /, *, stack_ids: Collection[UUID] = ()) -> None:
        """Lock assets with all that are stacked with them, and what is in stacks, until the transaction ends.

        All at once and in the order of their ids: who finds, after having waited, that there are more of them by now,
        lets go of them first.
        """
        wanted = list(asset_ids), list(stack_ids)
        while True:
            try:
                async with self._db.transaction():
                    held = await self._db.fetch(f"{TOGETHER} ORDER BY id FOR NO KEY UPDATE", *wanted)
                    now = await self._db.fetch(TOGETHER, *wanted)
                    if {row["id"] for row in now} - {row["id"] for row in held}:
                        raise _MoreHaveCome
            except _MoreHaveCome:
                continue
            return

    async def stack(self, asset_ids: Sequence[UUID], /, *, cause: str = "job") -> UUID:
        """Put assets into one stack, of which the first is shown; merges the stacks that they are in.

        Raises:
            Refused: 400 - fewer than two assets, one that is gone or trashed, or several owners.
        """
        async with self._db.transaction():
            await self.hold(asset_ids)
            rows = await self._db.fetch(
                "SELECT id, owner_id, stack_id FROM asset WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL",
                list(asset_ids),
            )
            owner_id = _checked(asset_ids, {row["id"]: row["owner_id"] for row in rows})
            old = sorted({row["stack_id"] for row in rows if row["stack_id"] is not None})
            stack_id = await self._kept(owner_id, asset_ids[0], old)
            changed = await self._db.fetch(
                """UPDATE asset SET stack_id = $1
                   WHERE (id = ANY($2::uuid[]) OR stack_id = ANY($3::uuid[])) AND stack_id IS DISTINCT FROM $1
                   RETURNING id""",
                stack_id, list(asset_ids), old,
            )  # fmt: skip
            await self._db.execute("DELETE FROM stack WHERE id = ANY($1::uuid[]) AND id <> $2", old, stack_id)
            # only now is the first asset free to be shown: a merged stack may have shown it
            shown = await self._show(stack_id, asset_ids[0])
            await self._tell(owner_id, {row["id"] for row in changed} | shown, cause)
        return stack_id

    async def _kept(self, owner_id: UUID, primary_id: UUID, old: Sequence[UUID]) -> UUID:
        """The oldest of the stacks, else a new one."""
        if old:
            return await self._db.fetchval(
                "SELECT id FROM stack WHERE id = ANY($1::uuid[]) ORDER BY created_at, id LIMIT 1", list(old)
            )
        return await self._db.fetchval(
            "INSERT INTO stack (primary_asset_id, owner_id) VALUES ($1, $2) RETURNING id", primary_id, owner_id
        )

    async def _show(self, stack_id: UUID, asset_id: UUID) -> set[UUID]:
        changed = await self._db.fetchval(
            """UPDATE stack SET primary_asset_id = $2, chosen_asset_id = NULL
               WHERE id = $1 AND (primary_asset_id <> $2 OR chosen_asset_id IS NOT NULL) RETURNING true""",
            stack_id, asset_id,
        )  # fmt: skip
        return {asset_id} if changed else set()

    async def unstack(self, stack_id: UUID, /, *, cause: str = "job") -> bool:
        """Dissolve a stack; its assets stay. False where it is gone already."""
        return bool(await self.unstack_many([stack_id], cause=cause))

    async def unstack_many(self, stack_ids: Collection[UUID], /, *, cause: str = "job") -> set[UUID]:
        """Dissolve stacks; returns those that were there."""
        ids = list(stack_ids)
        async with self._db.transaction():
            await self.hold(stack_ids=ids)
            rows = await self._db.fetch(
                "UPDATE asset SET stack_id = NULL WHERE stack_id = ANY($1::uuid[]) RETURNING id, owner_id", ids
            )
            gone = await self._db.fetch("DELETE FROM stack WHERE id = ANY($1::uuid[]) RETURNING id", ids)
            for owner_id in sorted({row["owner_id"] for row in rows}):
                await self._tell(owner_id, [row["id"] for row in rows if row["owner_id"] == owner_id], cause)
        return {row["id"] for row in gone}

    async def show(self, stack_id: UUID, asset_id: UUID, /, *, cause: str = "job") -> bool:
        """Show another of its assets; False where that is not in the stack, or in the trash."""
        async with self._db.transaction():
            await self.hold([asset_id])
            owner_id = await self._db.fetchval(
                "SELECT owner_id FROM asset WHERE id = $1 AND stack_id = $2 AND deleted_at IS NULL", asset_id, stack_id
            )
            if owner_id is None:
                return False
            await self._tell(owner_id, await self._show(stack_id, asset_id), cause)
        return True

    async def take_out(self, asset_id: UUID, /, *, cause: str = "job") -> None:
        """Take one asset out of its stack; another is shown in its place, and a stack of one dissolves."""
        async with self._db.transaction():
            await self.hold([asset_id])
            row = await self._db.fetchrow("SELECT stack_id, owner_id FROM asset WHERE id = $1", asset_id)
            if row is None or row["stack_id"] is None:
                return
            rest = await self._db.fetch(OTHERS, row["stack_id"], asset_id)
            if len(rest) < 2:
                await self.unstack(row["stack_id"], cause=cause)
                return
            await self._db.execute("UPDATE asset SET stack_id = NULL WHERE id = $1", asset_id)
            await self._db.execute(
                "UPDATE stack SET primary_asset_id = $3 WHERE id = $1 AND primary_asset_id = $2",
                row["stack_id"], asset_id, rest[0]["id"],
            )  # fmt: skip
            await self._tell(row["owner_id"], [asset_id], cause)

    async def _tell(self, owner_id: UUID, asset_ids: Iterable[UUID], cause: str) -> None:
        """The facts, of each asset; and one event for all of them to the owner's clients."""
        changed = sorted(asset_ids)
        for asset_id in changed:
            await self._publish("asset_changed", asset_id=asset_id, owner_id=owner_id, fields=["stack_id"], cause=cause)
        if changed:
            tell_owner(self._db, self._push, owner_id)


def tell_owner(db: Database, push: PushPort, owner_id: UUID) -> None:
    """Tell an owner's clients, after the commit, that stacks have changed."""
    db.on_commit(partial(push.to_user, owner_id, "on_asset_stack_update"))


def _checked(asset_ids: Sequence[UUID], owners: dict[UUID, UUID]) -> UUID:
    """The one owner."""
    if len(set(asset_ids)) < 2:
        raise Refused(400, "A stack has at least two assets")
    if set(asset_ids) - owners.keys():
        raise Refused(400, "An asset of the stack does not exist or is in the trash")
    if len(set(owners.values())) > 1:
        raise Refused(400, "The assets of a stack belong to one user")
    return next(iter(owners.values()))
