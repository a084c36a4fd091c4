"""Partners, and who was one, for phones."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import USER

FORWARDS = f"""
-- `create_id` is when somebody became a partner: phones are sent what is older than that, once.
CREATE TABLE partner (
  shared_by_id {USER},
  shared_with_id {USER},
  created_at timestamptz NOT NULL DEFAULT now(),
  create_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  in_timeline boolean NOT NULL DEFAULT false,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (shared_by_id, shared_with_id),
  CHECK (shared_by_id <> shared_with_id)
);
CREATE INDEX partner_shared_with ON partner (shared_with_id, create_id);
CREATE INDEX partner_create_id ON partner (create_id);
CREATE INDEX partner_update_id ON partner (update_id);

CREATE TABLE partner_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  shared_by_id uuid NOT NULL, shared_with_id uuid NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX partner_audit_shared_by ON partner_audit (shared_by_id, id);
CREATE INDEX partner_audit_shared_with ON partner_audit (shared_with_id, id);
CREATE INDEX partner_audit_deleted_at ON partner_audit (deleted_at);

CREATE FUNCTION audit_partner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO partner_audit (shared_by_id, shared_with_id) SELECT shared_by_id, shared_with_id FROM gone;
  RETURN NULL;
END $$;

-- Rows that go with an account leave no trace of their own: clients drop the children themselves.
CREATE TRIGGER audit_deleted AFTER DELETE ON partner REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_partner();
CREATE TRIGGER touch BEFORE UPDATE ON partner FOR EACH ROW EXECUTE FUNCTION touch_row();
"""  # noqa: S608 - only the host's own words are put in

BACKWARDS = """
DROP TABLE partner, partner_audit;
DROP FUNCTION audit_partner();
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "sharing_0001_partners", app="sharing", description="Partners", forwards=FORWARDS, backwards=BACKWARDS
)
