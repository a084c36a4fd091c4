"""What a stack shows when it can: another stands for it while that is in the trash."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
-- Null while the chosen one is shown. No foreign key: what is not in the stack any more is not shown.
ALTER TABLE stack ADD COLUMN chosen_asset_id uuid;

UPDATE stack SET primary_asset_id = shown.id, chosen_asset_id = stack.primary_asset_id
FROM stack AS before JOIN asset AS hidden ON hidden.id = before.primary_asset_id AND hidden.deleted_at IS NOT NULL
CROSS JOIN LATERAL (
  SELECT id FROM asset WHERE stack_id = before.id AND deleted_at IS NULL
  ORDER BY visibility NOT IN ('timeline', 'archive'), file_created_at, id LIMIT 1) AS shown
WHERE stack.id = before.id;
"""

BACKWARDS = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0012_chosen", app="host", description="Chosen assets of stacks", forwards=FORWARDS, backwards=BACKWARDS
)
