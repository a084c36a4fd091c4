"""Memories for the mobile app's copy of a library."""

from typing import Final

from immich_host.plugin_api.sync import SyncRows, SyncStream

_MEMORIES: Final = """
SELECT update_id AS ack, json_build_object(
  'id', id, 'createdAt', immich_time(created_at), 'updatedAt', immich_time(updated_at),
  'deletedAt', immich_time(deleted_at), 'ownerId', owner_id, 'type', type, 'data', data, 'isSaved', is_saved,
  'memoryAt', immich_time(memory_at), 'seenAt', immich_time(seen_at), 'showAt', immich_time(show_at),
  'hideAt', immich_time(hide_at))::text AS data
FROM memory WHERE owner_id = $1 AND update_id > $2 ORDER BY update_id
"""
_MEMORIES_GONE: Final = """
SELECT id AS ack, json_build_object('memoryId', memory_id)::text AS data
FROM memory_audit WHERE user_id = $1 AND id > $2 ORDER BY id
"""
_ASSETS: Final = """
SELECT link.update_id AS ack, json_build_object('memoryId', link.memories_id, 'assetId', link.asset_id)::text AS data
FROM memory_asset AS link JOIN memory ON memory.id = link.memories_id
WHERE memory.owner_id = $1 AND link.update_id > $2 ORDER BY link.update_id
"""
# What went with its memory is not told: the app lets it go with that.
_ASSETS_GONE: Final = """
SELECT gone.id AS ack, json_build_object('memoryId', gone.memory_id, 'assetId', gone.asset_id)::text AS data
FROM memory_asset_audit AS gone JOIN memory ON memory.id = gone.memory_id
WHERE memory.owner_id = $1 AND gone.id > $2 ORDER BY gone.id
"""

STREAMS: Final = (
    SyncStream("MemoriesV1", (SyncRows("MemoryDeleteV1", _MEMORIES_GONE), SyncRows("MemoryV1", _MEMORIES))),
    SyncStream(
        "MemoryToAssetsV1", (SyncRows("MemoryToAssetDeleteV1", _ASSETS_GONE), SyncRows("MemoryToAssetV1", _ASSETS))
    ),
)
