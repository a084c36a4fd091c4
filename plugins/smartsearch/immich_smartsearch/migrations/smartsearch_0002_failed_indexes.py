"""When a model's index could not be built."""

from immich_host.plugin_api.migrations import sql_migration

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "smartsearch_0002_failed_indexes",
    app="smartsearch",
    description="When a model's index could not be built",
    forwards="ALTER TABLE smartsearch_model ADD COLUMN index_failed_at timestamptz",
    backwards="ALTER TABLE smartsearch_model DROP COLUMN index_failed_at",
)
