"""Which position of an asset was named last."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "map_0001_located",
    app="map",
    forwards=f"""
CREATE TABLE map_located (
  asset_id {ASSET} PRIMARY KEY,
  latitude double precision NOT NULL,
  longitude double precision NOT NULL
)""",
    backwards="DROP TABLE map_located",
    description="positions that have their names",
)
