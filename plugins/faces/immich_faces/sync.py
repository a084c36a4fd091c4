"""People and faces for the mobile app's copy of a library."""

from typing import Final

from immich_host.plugin_api.sync import SyncRows, SyncStream

_PEOPLE: Final = """
SELECT update_id AS ack, json_build_object(
  'id', id, 'createdAt', immich_time(created_at), 'updatedAt', immich_time(updated_at), 'ownerId', owner_id,
  'name', name, 'birthDate', immich_time(birth_date::timestamp AT TIME ZONE 'UTC'), 'isHidden', is_hidden,
  'isFavorite', is_favorite, 'color', color, 'faceAssetId', face_asset_id)::text AS data
FROM person WHERE owner_id = $1 AND update_id > $2 ORDER BY update_id
"""
_PEOPLE_GONE: Final = """
SELECT id AS ack, json_build_object('personId', person_id)::text AS data
FROM person_audit WHERE owner_id = $1 AND id > $2 ORDER BY id
"""
_FACES: Final = """
SELECT face.update_id AS ack, json_build_object(
  'id', face.id, 'assetId', face.asset_id, 'personId', face.person_id, 'imageWidth', face.image_width,
  'imageHeight', face.image_height, 'boundingBoxX1', face.bounding_box_x1, 'boundingBoxY1', face.bounding_box_y1,
  'boundingBoxX2', face.bounding_box_x2, 'boundingBoxY2', face.bounding_box_y2, 'sourceType', face.source_type,
  'deletedAt', immich_time(face.deleted_at), 'isVisible', face.is_visible)::text AS data
FROM asset_face AS face JOIN asset ON asset.id = face.asset_id
WHERE asset.owner_id = $1 AND face.update_id > $2 ORDER BY face.update_id
"""
# A face that went with its asset is not told: the app lets it go with the asset.
_FACES_GONE: Final = """
SELECT gone.id AS ack, json_build_object('assetFaceId', gone.asset_face_id)::text AS data
FROM asset_face_audit AS gone JOIN asset ON asset.id = gone.asset_id
WHERE asset.owner_id = $1 AND gone.id > $2 ORDER BY gone.id
"""

STREAMS: Final = (
    SyncStream("PeopleV1", rows=(SyncRows("PersonDeleteV1", _PEOPLE_GONE), SyncRows("PersonV1", _PEOPLE))),
    SyncStream("AssetFacesV2", rows=(SyncRows("AssetFaceDeleteV1", _FACES_GONE), SyncRows("AssetFaceV2", _FACES))),
)
