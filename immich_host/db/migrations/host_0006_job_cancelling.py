"""Jobs that run and are wanted no longer."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- Set on a job that runs: its process ends it and then drops the row.
ALTER TABLE job_request ADD COLUMN cancelled_at timestamptz;
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0006_job_cancelling",
    app="host",
    description="Cancelled jobs",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
