"""How often a process died of which nobody can say why while it ran a job."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- spared: of its attempts those that are not held against the job, as another may have been the reason;
-- suspected_at: when it last began as one that may have been.
ALTER TABLE job_request ADD COLUMN deaths int NOT NULL DEFAULT 0, ADD COLUMN spared int NOT NULL DEFAULT 0,
  ADD COLUMN suspected_at timestamptz;
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0013_job_deaths", app="host", description="Deaths of jobs' processes", forwards=FORWARDS, backwards=BACKWARDS
)
