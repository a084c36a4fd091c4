"""What made the results of jobs, so that those can be found which would be made differently now."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- What the results of a job depended on; the version is told, and does not make them stale.
CREATE TABLE job_recipe (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job text NOT NULL,
  version text NOT NULL,
  fingerprint text NOT NULL,
  made_by jsonb NOT NULL,
  first_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (job, fingerprint, version)
);

CREATE TABLE job_result (
  asset_id uuid NOT NULL REFERENCES asset ON DELETE CASCADE,
  job text NOT NULL,
  recipe_id int NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (asset_id, job)
);
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0004_job_results",
    app="host",
    description="What made the results of jobs",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
