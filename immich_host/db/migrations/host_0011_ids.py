"""Ids sort by time across milliseconds too: these were rounded, and the part below them was not."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = r"""
CREATE OR REPLACE FUNCTION immich_uuid_v7(moment timestamptz DEFAULT clock_timestamp()) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_byte(
      set_byte(
        overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send(floor(extract(epoch FROM moment) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        6, 112 | (fraction >> 8)),
      7, fraction & 255),
    'hex')::uuid
  FROM (SELECT ((extract(epoch FROM moment) * 1000000)::bigint % 1000 * 4096 / 1000)::int AS fraction) AS f
$$;
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0011_ids", app="host", description="Ids that sort by time", forwards=FORWARDS, backwards=BACKWARDS
)
