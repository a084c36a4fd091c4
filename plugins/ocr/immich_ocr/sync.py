"""Lines of text for the mobile app's copy of a library."""

from typing import Final

from immich_host.plugin_api.sync import SyncRows, SyncStream

_LINES: Final = """
SELECT line.update_id AS ack, json_build_object(
  'id', line.id, 'assetId', line.asset_id, 'x1', line.x1, 'y1', line.y1, 'x2', line.x2, 'y2', line.y2,
  'x3', line.x3, 'y3', line.y3, 'x4', line.x4, 'y4', line.y4, 'boxScore', line.box_score,
  'textScore', line.text_score, 'text', line.text, 'isVisible', line.is_visible)::text AS data
FROM asset_ocr AS line JOIN asset ON asset.id = line.asset_id
WHERE asset.owner_id = $1 AND line.update_id > $2 ORDER BY line.update_id
"""
# Lines that went with their asset are not told: the app lets them go with it.
_GONE: Final = """
SELECT gone.id AS ack, json_build_object(
  'id', gone.ocr_id, 'assetId', gone.asset_id, 'deletedAt', immich_time(gone.deleted_at))::text AS data
FROM asset_ocr_audit AS gone JOIN asset ON asset.id = gone.asset_id
WHERE asset.owner_id = $1 AND gone.id > $2 ORDER BY gone.id
"""

STREAMS: Final = (SyncStream("AssetOcrV1", (SyncRows("AssetOcrDeleteV1", _GONE), SyncRows("AssetOcrV1", _LINES))),)
