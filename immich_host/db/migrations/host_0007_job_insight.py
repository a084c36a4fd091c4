"""What can be seen of jobs: failures quickly, how queues get on, which jobs some process can run."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
CREATE INDEX job_request_error ON job_request (id) WHERE error IS NOT NULL;

-- Since when a queue has been at work without being empty, and what it has done since; `rate` is runs a
-- second, older ones counting less, as of `last_at`.
CREATE TABLE queue_run (
  name text PRIMARY KEY,
  since timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  done bigint NOT NULL,
  failed bigint NOT NULL,
  rate double precision NOT NULL,
  is_over boolean NOT NULL
);

-- Jobs that a worker process could run lately; another one may lack the plugin.
CREATE TABLE job_seen (
  job text PRIMARY KEY,
  seen_at timestamptz NOT NULL DEFAULT now()
);
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0007_job_insight",
    app="host",
    description="Failures, rates and where jobs can run",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
