"""Which faces were written into sidecars, so that one that is taken away can be told from a stranger's."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "sidecar_0001_people",
    app="sidecar",
    description="Faces written into sidecars",
    forwards=f"CREATE TABLE sidecar_people (asset_id {ASSET} PRIMARY KEY, faces jsonb NOT NULL)",
    backwards="DROP TABLE sidecar_people",
)
