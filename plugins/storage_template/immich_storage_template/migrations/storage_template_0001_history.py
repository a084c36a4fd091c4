"""Moves that have begun and not ended, under Immich's table name; paths are relative to the media root."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
CREATE TABLE move_history (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  entity_id uuid NOT NULL,
  path_type text NOT NULL,
  old_path text NOT NULL,
  new_path text NOT NULL UNIQUE,
  UNIQUE (entity_id, path_type)
);
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "storage_template_0001_history",
    app="storage_template",
    description="Moves that have begun and not ended",
    forwards=FORWARDS,
    backwards="DROP TABLE move_history;",
)
