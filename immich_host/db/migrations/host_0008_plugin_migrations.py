"""How to undo the migrations of plugins, for when a plugin is not installed any more."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- A migration of a plugin that has run; `backwards` is null where it is no script.
CREATE TABLE plugin_migration (
  id bigint GENERATED ALWAYS AS IDENTITY,
  plugin text NOT NULL,
  migration text NOT NULL,
  backwards text,
  tables text[] NOT NULL,
  PRIMARY KEY (plugin, migration)
);
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0008_plugin_migrations",
    app="host",
    description="Undoing migrations of plugins that are gone",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
