"""The stacks port that plugins get (`plugin_api.stacks.StacksPort`)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

from immich_host.db.database import Database
from immich_host.plugin_api.errors import Refused

type Publish = Callable[..., Awaitable[None]]


class Stacks:
    """Stacks assets for plugins; facts go out with the transaction's commit."""

    def __init__(self, db: Database, publish: Publish) -> None:
        self._db = db
        self._publish = publish

    async def stack(self, asset_ids: Sequence[UUID], /, *, cause: str = "job") -> UUID:
        """Put assets into one stack, of which the first is shown; merges the stacks that they are in.

        Raises:
            Refused: 400 - fewer than two assets, one that is gone or trashed, or several owners.
        """
        async with self._db.transaction():
            rows = await self._db.fetch(
                "SELECT id, owner_id, stack_id FROM asset WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL "
                "ORDER BY id FOR NO KEY UPDATE",
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
            "UPDATE stack SET primary_asset_id = $2 WHERE id = $1 AND primary_asset_id <> $2 RETURNING true",
            stack_id, asset_id,
        )  # fmt: skip
        return {asset_id} if changed else set()

    async def unstack(self, stack_id: UUID, /, *, cause: str = "job") -> bool:
        """Dissolve a stack; its assets stay. False where it is gone already."""
        async with self._db.transaction():
            owner_id = await self._db.fetchval("SELECT owner_id FROM stack WHERE id = $1 FOR UPDATE", stack_id)
            if owner_id is None:
                return False
            rows = await self._db.fetch("UPDATE asset SET stack_id = NULL WHERE stack_id = $1 RETURNING id", stack_id)
            await self._db.execute("DELETE FROM stack WHERE id = $1", stack_id)
            await self._tell(owner_id, [row["id"] for row in rows], cause)
        return True

    async def take_out(self, asset_id: UUID, /, *, cause: str = "job") -> None:
        """Take one asset out of its stack; another is shown in its place, and a stack of one dissolves."""
        async with self._db.transaction():
            row = await self._db.fetchrow(
                "SELECT stack_id, owner_id FROM asset WHERE id = $1 FOR NO KEY UPDATE", asset_id
            )
            if row is None or row["stack_id"] is None:
                return
            rest = await self._db.fetch(
                "SELECT id FROM asset WHERE stack_id = $1 AND id <> $2 ORDER BY file_created_at, id LIMIT 2",
                row["stack_id"], asset_id,
            )  # fmt: skip
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
        for asset_id in sorted(asset_ids):
            await self._publish("asset_changed", asset_id=asset_id, owner_id=owner_id, fields=["stack_id"], cause=cause)


def _checked(asset_ids: Sequence[UUID], owners: dict[UUID, UUID]) -> UUID:
    """The one owner."""
    if len(set(asset_ids)) < 2:
        raise Refused(400, "A stack has at least two assets")
    if set(asset_ids) - owners.keys():
        raise Refused(400, "An asset of the stack does not exist or is in the trash")
    if len(set(owners.values())) > 1:
        raise Refused(400, "The assets of a stack belong to one user")
    return next(iter(owners.values()))
