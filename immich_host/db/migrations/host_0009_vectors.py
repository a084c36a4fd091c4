"""The type of vectors (pgvector), here because several plugins have columns of it and none of them may drop it."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = "CREATE EXTENSION IF NOT EXISTS vector"

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0009_vectors", app="host", description="Vectors", forwards=FORWARDS, backwards=BACKWARDS
)
