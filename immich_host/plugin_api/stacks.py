"""The stacks port: putting assets of one owner together, so that lists show one of them."""

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID


class StacksPort(Protocol):
    """Writes go into the caller's transaction; publishes asset_changed (`stack_id`) for each asset concerned.

    `SELECT stack_id FROM asset` says where an asset is, and the table `stack` which one is shown.
    """

    async def hold(self, asset_ids: Collection[UUID] = (), /, *, stack_ids: Collection[UUID] = ()) -> None:
        """Lock assets with all that are stacked with them, and what is in stacks, until the transaction ends.

        For who looks at a stack before changing it; before anything else is locked. The other methods do so themselves.
        """
        ...

    async def stack(self, asset_ids: Sequence[UUID], /, *, cause: str = "job") -> UUID:
        """Put assets into one stack, of which the first is shown; returns the stack's id.

        Stacks that some of them are in are merged with all their members, and the oldest keeps its id: with a
        member more it grows, with another first asset that one is shown. What is so already is left alone.

        Raises:
            Refused: 400 - fewer than two assets, one that is gone or trashed, or several owners.
        """
        ...

    async def unstack(self, stack_id: UUID, /, *, cause: str = "job") -> bool:
        """Dissolve a stack; its assets stay. False where it is gone already."""
        ...

    async def unstack_many(self, stack_ids: Collection[UUID], /, *, cause: str = "job") -> set[UUID]:
        """Dissolve stacks in few statements; returns those that were there."""
        ...

    async def show(self, stack_id: UUID, asset_id: UUID, /, *, cause: str = "job") -> bool:
        """Show another of its assets; False where that is not in the stack, or in the trash."""
        ...

    async def take_out(self, asset_id: UUID, /, *, cause: str = "job") -> None:
        """Take one asset out of its stack; another is shown in its place, and a stack of one dissolves."""
        ...
