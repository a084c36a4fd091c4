"""What people may ask: their automatic stacks, undoing them, and another run."""

from datetime import datetime
from uuid import UUID

from immich_auto_stack import store
from immich_host.plugin_api import Caller, Host, NotFound, Permission, Routes
from immich_host.plugin_api.dto import Dto

ROUTES = Routes("Automatic stacks")


class AutoStackDto(Dto):
    """A stack that the plugin made."""

    id: UUID
    primary_asset_id: UUID
    asset_ids: list[UUID]
    rules: list[str]
    stacked_at: datetime


class RunDto(Dto):
    """How to run again."""

    forget_undone: bool = False
    """Also stack again what was taken apart."""


class CountDto(Dto):
    """How many."""

    count: int


@ROUTES.get("/plugins/auto_stack/stacks", permission=Permission.STACK_READ, operation_id="getAutoStacks")
async def stacks(caller: Caller, host: Host) -> list[AutoStackDto]:
    """The caller's automatic stacks, the newest first."""
    return [AutoStackDto(**dict(row)) for row in await store.stacks(host.db, caller.user_id)]


@ROUTES.delete("/plugins/auto_stack/stacks/{id}", permission=Permission.STACK_DELETE, operation_id="undoAutoStack")
async def undo(id: UUID, caller: Caller, host: Host) -> None:
    """Take one apart; its photos are not stacked again."""
    if id not in {row["id"] for row in await store.stacks(host.db, caller.user_id)}:
        raise NotFound("There is no such automatic stack")
    await host.stacks.unstack(id, cause="auto_stack")


@ROUTES.delete(
    "/plugins/auto_stack/stacks", permission=Permission.STACK_DELETE, status=200, operation_id="undoAutoStacks"
)
async def undo_all(caller: Caller, host: Host) -> CountDto:
    """Take all of the caller's automatic stacks apart."""
    found = await store.stacks(host.db, caller.user_id)
    async with host.db.transaction():
        for row in found:
            await host.stacks.unstack(row["id"], cause="auto_stack")
    return CountDto(count=len(found))


@ROUTES.post("/plugins/auto_stack/run", permission=Permission.STACK_CREATE, status=202, operation_id="runAutoStack")
async def run(body: RunDto, caller: Caller, host: Host) -> CountDto:
    """Look at all of the caller's photos that stand alone; answers how many."""
    async with host.db.transaction():
        if body.forget_undone:
            await store.forget_undone(host.db, caller.user_id)
        ids = await store.of_owner(host.db, caller.user_id)
        await host.jobs.request_many("auto_stack.stack", ids)
    return CountDto(count=len(ids))
