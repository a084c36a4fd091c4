"""Memories, the assets in them, and for which days they were made."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET, USER

TABLES = f"""
CREATE TABLE memory (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  owner_id {USER},
  type text NOT NULL CHECK (type IN ('on_this_day')),
  data jsonb NOT NULL,
  is_saved boolean NOT NULL DEFAULT false,
  memory_at timestamptz NOT NULL,
  seen_at timestamptz,
  show_at timestamptz,
  hide_at timestamptz,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX memory_owner ON memory (owner_id, memory_at);
CREATE INDEX memory_update_id ON memory (owner_id, update_id);
CREATE INDEX memory_unsaved ON memory (created_at) WHERE NOT is_saved;

CREATE TABLE memory_asset (
  memories_id uuid NOT NULL REFERENCES memory ON DELETE CASCADE ON UPDATE CASCADE,
  asset_id {ASSET},
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (memories_id, asset_id)
);
CREATE INDEX memory_asset_asset ON memory_asset (asset_id);
CREATE INDEX memory_asset_update_id ON memory_asset (update_id);

-- For which day a memory of which day was made: so it is made once, also when its owner has deleted it since.
CREATE TABLE memories_made (
  owner_id {USER},
  shown date NOT NULL,
  taken date NOT NULL,
  PRIMARY KEY (owner_id, shown, taken)
);
CREATE INDEX memories_made_shown ON memories_made (shown);
"""

AUDIT = """
CREATE TABLE memory_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  memory_id uuid NOT NULL, user_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX memory_audit_user ON memory_audit (user_id, id);
CREATE INDEX memory_audit_deleted_at ON memory_audit (deleted_at);
CREATE TABLE memory_asset_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  memory_id uuid NOT NULL, asset_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX memory_asset_audit_memory ON memory_asset_audit (memory_id, id);
CREATE INDEX memory_asset_audit_deleted_at ON memory_asset_audit (deleted_at);

CREATE FUNCTION audit_memory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO memory_audit (memory_id, user_id) SELECT id, owner_id FROM gone; RETURN NULL; END $$;
-- What goes with its memory is not told of: clients drop it with that.
CREATE FUNCTION audit_memory_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_asset_audit (memory_id, asset_id) SELECT gone.memories_id, gone.asset_id FROM gone
  WHERE EXISTS (SELECT FROM memory WHERE memory.id = gone.memories_id);
  RETURN NULL;
END $$;

CREATE TRIGGER audit_deleted AFTER DELETE ON memory REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_memory();
-- One level down too: an asset that is erased takes its rows here along.
CREATE TRIGGER audit_deleted AFTER DELETE ON memory_asset REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() <= 1) EXECUTE FUNCTION audit_memory_asset();
CREATE TRIGGER touch BEFORE UPDATE ON memory FOR EACH ROW EXECUTE FUNCTION touch_row();
CREATE TRIGGER touch BEFORE UPDATE ON memory_asset FOR EACH ROW EXECUTE FUNCTION touch_row();
"""

BACKWARDS = """
DROP TABLE memories_made, memory_asset, memory, memory_asset_audit, memory_audit;
DROP FUNCTION audit_memory_asset();
DROP FUNCTION audit_memory();
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "memories_0001_memories",
    app="memories",
    description="Memories and their assets",
    forwards=TABLES + AUDIT,
    backwards=BACKWARDS,
)
