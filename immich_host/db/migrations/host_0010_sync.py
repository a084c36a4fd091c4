"""What each session has confirmed of its sync streams, and times as the wire has them."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
CREATE TABLE session_sync_checkpoint (
  session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE ON UPDATE CASCADE,
  type text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  ack text NOT NULL,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (session_id, type)
);

CREATE FUNCTION immich_time(moment timestamptz) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0010_sync", app="host", description="Checkpoints of sync streams", forwards=FORWARDS, backwards=BACKWARDS
)
