"""Which jobs ran when a worker process had to be ended, and may have been the reason."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- Why the process that ran the job was ended, where the job may be to blame.
ALTER TABLE job_request ADD COLUMN ended_by text;
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0005_process_ends",
    app="host",
    description="Jobs that ended their process",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
