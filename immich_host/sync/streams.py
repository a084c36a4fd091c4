"""The host's own streams: accounts, assets, what is known of them, stacks."""

from collections.abc import Mapping
from typing import Final

from immich_host.plugin_api.sync import SyncRows, SyncStream
from immich_host.plugin_api.sync_sql import ASSET, EXIF, STACK, json_object

_TIME = "immich_time"


_USER = {
    "id": "u.id",
    "name": "u.name",
    "email": "u.email",
    "avatarColor": "u.avatar_color",
    "deletedAt": f"{_TIME}(u.deleted_at)",
    "hasProfileImage": "u.profile_image_path <> ''",
    "profileChangedAt": f"{_TIME}(u.profile_changed_at)",
}
_AUTH_USER = _USER | {
    "isAdmin": "u.is_admin",
    "pinCode": "NULL",  # a hash of six digits is a secret, and no client reads it
    "oauthId": "u.oauth_id",
    "storageLabel": "u.storage_label",
    "quotaSizeInBytes": "u.quota_size_in_bytes",
    "quotaUsageInBytes": "u.quota_usage_in_bytes",
}


def _changed(type: str, fields: Mapping[str, str], source: str, mine: str, alias: str) -> SyncRows:
    """New and changed rows of a table under its alias."""
    return SyncRows(
        type,
        f"""SELECT {alias}.update_id AS ack, {json_object(fields)} AS data FROM {source}
            WHERE {mine} AND {alias}.update_id > $2 ORDER BY {alias}.update_id""",  # noqa: S608 - composed of constants
    )


def _deleted(type: str, fields: Mapping[str, str], source: str, mine: str) -> SyncRows:
    """Rows that are gone, by a table of what was deleted under the alias `d`."""
    return SyncRows(
        type,
        f"""SELECT d.id AS ack, {json_object(fields)} AS data FROM {source}
            WHERE {mine} AND d.id > $2 ORDER BY d.id""",  # noqa: S608 - composed of constants
    )


_EXIFS = SyncRows(
    "AssetExifV1",
    # Only ids are sorted, and the text of a line is made when it is sent: sorted with their text, the lines of 800,000
    # assets kept the first one waiting for 15 seconds in place of 3.
    f"""SELECT sorted.update_id AS ack,
          (SELECT {json_object(EXIF)} FROM asset_exif e WHERE e.asset_id = sorted.asset_id) AS data
        FROM (SELECT e.asset_id, e.update_id FROM asset_exif e JOIN asset a ON a.id = e.asset_id
              WHERE a.owner_id = $1 AND e.update_id > $2 ORDER BY e.update_id) AS sorted""",  # noqa: S608 - composed of constants
)

STREAMS: Final[tuple[SyncStream, ...]] = (
    SyncStream("AuthUsersV1", (_changed("AuthUserV1", _AUTH_USER, '"user" u', "u.id = $1", "u"),)),
    SyncStream(
        "UsersV1",
        (
            _deleted("UserDeleteV1", {"userId": "d.user_id"}, "user_audit d", "$1::uuid IS NOT NULL"),
            _changed("UserV1", _USER, '"user" u', "$1::uuid IS NOT NULL", "u"),
        ),
    ),
    SyncStream(
        "AssetsV2",
        (
            _deleted("AssetDeleteV1", {"assetId": "d.asset_id"}, "asset_audit d", "d.owner_id = $1"),
            _changed("AssetV2", ASSET, "asset a", "a.owner_id = $1", "a"),
        ),
    ),
    SyncStream(
        "StacksV1",
        (
            _deleted("StackDeleteV1", {"stackId": "d.stack_id"}, "stack_audit d", "d.user_id = $1"),
            _changed("StackV1", STACK, "stack s", "s.owner_id = $1", "s"),
        ),
    ),
    SyncStream("AssetExifsV1", (_EXIFS,)),
    SyncStream(
        "UserMetadataV1",
        (
            _deleted(
                "UserMetadataDeleteV1",
                {"userId": "d.user_id", "key": "d.key"},
                "user_metadata_audit d",
                "d.user_id = $1",
            ),
            _changed(
                "UserMetadataV1",
                {"userId": "m.user_id", "key": "m.key", "value": "m.value"},
                "user_metadata m",
                "m.user_id = $1 AND m.key IN ('preferences', 'license', 'onboarding')",
                "m",
            ),
        ),
    ),
    SyncStream(
        "AssetMetadataV1",
        (
            _deleted(
                "AssetMetadataDeleteV1",
                {"assetId": "d.asset_id", "key": "d.key"},
                "asset_metadata_audit d JOIN asset a ON a.id = d.asset_id",
                "a.owner_id = $1",
            ),
            _changed(
                "AssetMetadataV1",
                {"assetId": "m.asset_id", "key": "m.key", "value": "m.value"},
                "asset_metadata m JOIN asset a ON a.id = m.asset_id",
                "a.owner_id = $1",
                "m",
            ),
        ),
    ),
)
