"""What became of plugins: whose data were purged, and which could not be used."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- Set from purge until the plugin is switched on again: its tables are gone.
ALTER TABLE plugin_state ADD COLUMN purged_at timestamptz;

-- Plugins that the last process to look found broken; for whoever looks from outside.
CREATE TABLE plugin_fault (
  name text PRIMARY KEY,
  stage text NOT NULL,
  reason text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0003_plugins",
    app="host",
    description="Purged and broken plugins",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
