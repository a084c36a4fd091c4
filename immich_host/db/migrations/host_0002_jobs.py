"""Rows of requested jobs and of facts to deliver, until both are done; what queues and schedules remember."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = r"""
-- A job from its request until it is done; rows with failed_at stay as dead letters.
CREATE TABLE job_request (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  job text NOT NULL,
  queue text NOT NULL,
  arguments jsonb NOT NULL DEFAULT '{}',
  unique_key text,
  cause text NOT NULL DEFAULT 'manual',
  chain boolean NOT NULL DEFAULT false,
  force boolean NOT NULL DEFAULT false,
  provides text,
  owner_id uuid,
  correlation text,
  created_at timestamptz NOT NULL DEFAULT now(),
  run_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  beat_at timestamptz,
  failed_at timestamptz,
  attempts int NOT NULL DEFAULT 0,
  error text,
  progress jsonb
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE UNIQUE INDEX job_request_waiting ON job_request (job, unique_key)
  WHERE started_at IS NULL AND failed_at IS NULL AND unique_key IS NOT NULL;
CREATE INDEX job_request_begun ON job_request (job, unique_key)
  WHERE started_at IS NOT NULL OR failed_at IS NOT NULL;
CREATE INDEX job_request_queue ON job_request (queue, id);

CREATE TABLE fact_request (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  fact text NOT NULL,
  arguments jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE queue_state (
  name text PRIMARY KEY,
  is_paused boolean NOT NULL DEFAULT false
);
SELECT notify_on_change('queue_state', 'name');

-- When a thing that one of many processes does was last begun.
CREATE TABLE job_schedule (
  name text PRIMARY KEY,
  last_run timestamptz NOT NULL
);
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0002_jobs",
    app="host",
    description="Requested jobs and facts",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
