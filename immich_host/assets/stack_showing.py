"""Which asset of a stack is shown: the chosen one, and another in its place while that is in the trash."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from immich_host.assets.stacking import tell_owner
from immich_host.wire.kernel import Kernel

# Who is shown: one that is not in the trash, the chosen one before others, and as few changes as there can be.
_SHOW: Final = """
UPDATE stack SET primary_asset_id = shown.id,
  chosen_asset_id = nullif(coalesce(
    (SELECT id FROM asset WHERE id = stack.chosen_asset_id AND stack_id = stack.id), stack.primary_asset_id), shown.id)
FROM stack AS before CROSS JOIN LATERAL (
  SELECT id FROM asset WHERE stack_id = before.id
  ORDER BY deleted_at IS NOT NULL, id IS DISTINCT FROM before.chosen_asset_id, id <> before.primary_asset_id,
    visibility NOT IN ('timeline', 'archive'), file_created_at, id LIMIT 1) AS shown
WHERE stack.id = before.id AND stack.primary_asset_id <> shown.id
  AND stack.id IN (SELECT stack_id FROM asset WHERE id = ANY($1::uuid[]))
RETURNING shown.id, stack.owner_id
"""


async def show_what_can_be_seen(host: Kernel, asset_ids: Sequence[UUID], *, cause: str) -> None:
    """Let another stand for a stack whose shown asset is in the trash, and the chosen one again when it is back.

    Inside the caller's transaction, which holds the assets with all that are stacked with them. Publishes
    `asset_changed` for each that is shown from now on.
    """
    rows = await host.db.fetch(_SHOW, list(asset_ids))
    changes = [
        {"asset_id": row["id"], "owner_id": row["owner_id"], "fields": ["stack_id"], "cause": cause} for row in rows
    ]
    await host.jobs.publish_each("asset_changed", changes)
    for owner_id in {row["owner_id"] for row in rows}:
        tell_owner(host.db, host.push, owner_id)
