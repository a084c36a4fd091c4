from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "sprout_0001_noted",
    app="sprout",
    forwards=f"CREATE TABLE sprout_noted (asset_id {ASSET} PRIMARY KEY, size bigint NOT NULL)",
    backwards="DROP TABLE sprout_noted",
)
