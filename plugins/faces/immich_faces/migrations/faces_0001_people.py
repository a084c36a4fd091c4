"""People, their faces, the vectors that tell faces apart, and invitations to share people."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET, USER

PEOPLE = f"""
-- `identity_id`: people of several owners with one value are the same human; clustering links them while
-- their owners share a cluster group. Each owner has a row, name and picture of their own.
CREATE TABLE person (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  owner_id {USER},
  name text NOT NULL DEFAULT '',
  thumbnail_path text NOT NULL DEFAULT '',
  is_hidden boolean NOT NULL DEFAULT false,
  birth_date date CHECK (birth_date <= current_date + 1),
  face_asset_id uuid,
  is_favorite boolean NOT NULL DEFAULT false,
  color text,
  identity_id uuid NOT NULL DEFAULT gen_random_uuid(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX person_owner ON person (owner_id, update_id);
CREATE INDEX person_update_id ON person (update_id);
CREATE INDEX person_identity ON person (identity_id);
CREATE INDEX person_name ON person (owner_id, lower(name));
CREATE INDEX person_name_trigrams ON person USING gin (f_unaccent(name) gin_trgm_ops);

-- `is_confirmed`: a human has said whose face it is; no rerun gives it to somebody else or takes it away.
-- `deleted_at`: a human took it away; a rerun that finds the same box leaves it so.
-- `named_in_file`: the name that the file gave, for whoever has been renamed here since.
-- Boxes are pixels of a picture of image_width x image_height, upright.
CREATE TABLE asset_face (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  asset_id {ASSET},
  person_id uuid REFERENCES person ON DELETE SET NULL ON UPDATE CASCADE,
  image_width integer NOT NULL DEFAULT 0,
  image_height integer NOT NULL DEFAULT 0,
  bounding_box_x1 integer NOT NULL DEFAULT 0,
  bounding_box_y1 integer NOT NULL DEFAULT 0,
  bounding_box_x2 integer NOT NULL DEFAULT 0,
  bounding_box_y2 integer NOT NULL DEFAULT 0,
  source_type text NOT NULL DEFAULT 'machine-learning' CHECK (source_type IN ('machine-learning', 'exif', 'manual')),
  named_in_file text,
  is_confirmed boolean NOT NULL DEFAULT false,
  is_visible boolean NOT NULL DEFAULT true,
  deleted_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX asset_face_asset ON asset_face (asset_id, person_id);
CREATE INDEX asset_face_person ON asset_face (person_id, asset_id);
CREATE INDEX asset_face_shown ON asset_face (person_id, asset_id) WHERE deleted_at IS NULL AND is_visible;
CREATE INDEX asset_face_update_id ON asset_face (update_id);
ALTER TABLE person ADD CONSTRAINT person_face_asset_id_fkey
  FOREIGN KEY (face_asset_id) REFERENCES asset_face ON DELETE SET NULL ON UPDATE CASCADE;
CREATE INDEX person_face_asset ON person (face_asset_id) WHERE face_asset_id IS NOT NULL;

-- Vectors of different models say nothing about each other: compare those of one `model` only.
CREATE TABLE face_search (
  face_id uuid PRIMARY KEY REFERENCES asset_face ON DELETE CASCADE ON UPDATE CASCADE,
  model text NOT NULL,
  embedding vector NOT NULL
);

-- An invitation to a cluster group; it is gone once it is answered.
CREATE TABLE faces_group_request (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  cluster_group_id uuid NOT NULL,
  user_id {USER},
  invited_by {USER},
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (cluster_group_id, user_id)
);
CREATE INDEX faces_group_request_user ON faces_group_request (user_id);
CREATE INDEX faces_group_request_invited_by ON faces_group_request (invited_by);
"""  # noqa: S608 - only the host's own words are put in

AUDIT = """
CREATE TABLE person_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  person_id uuid NOT NULL, owner_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX person_audit_owner ON person_audit (owner_id, id);
CREATE INDEX person_audit_deleted_at ON person_audit (deleted_at);
CREATE TABLE asset_face_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  asset_face_id uuid NOT NULL, asset_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX asset_face_audit_asset ON asset_face_audit (asset_id, id);
CREATE INDEX asset_face_audit_deleted_at ON asset_face_audit (deleted_at);

CREATE FUNCTION audit_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO person_audit (person_id, owner_id) SELECT id, owner_id FROM gone; RETURN NULL; END $$;
CREATE FUNCTION audit_asset_face() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO asset_face_audit (asset_face_id, asset_id) SELECT id, asset_id FROM gone; RETURN NULL; END $$;

-- Rows that go with their user or asset leave no trace of their own: clients drop the children themselves.
CREATE TRIGGER audit_deleted AFTER DELETE ON person REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_person();
CREATE TRIGGER audit_deleted AFTER DELETE ON asset_face REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_asset_face();
CREATE TRIGGER touch BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION touch_row();
CREATE TRIGGER touch BEFORE UPDATE ON asset_face FOR EACH ROW EXECUTE FUNCTION touch_row();
"""

BACKWARDS = """
DROP TABLE faces_group_request, face_search, asset_face, person, asset_face_audit, person_audit;
DROP FUNCTION audit_person();
DROP FUNCTION audit_asset_face();
UPDATE asset_job_status SET faces_recognized_at = NULL WHERE faces_recognized_at IS NOT NULL;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "faces_0001_people",
    app="faces",
    description="People and faces",
    forwards=PEOPLE + AUDIT,
    backwards=BACKWARDS,
)
