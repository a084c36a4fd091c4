"""Tags, which assets have them, and what is still to be done to the assets' columns."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET, USER

FORWARDS = f"""
CREATE TABLE tag (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id {USER},
  value text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  color text,
  parent_id uuid REFERENCES tag ON DELETE CASCADE ON UPDATE CASCADE,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  UNIQUE (user_id, value)
);
CREATE INDEX tag_parent ON tag (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX tag_update_id ON tag (update_id);
CREATE TRIGGER touch BEFORE UPDATE ON tag FOR EACH ROW EXECUTE FUNCTION touch_row();

-- Every tag is its own ancestor as well.
CREATE TABLE tag_closure (
  id_ancestor uuid NOT NULL REFERENCES tag ON DELETE CASCADE ON UPDATE CASCADE,
  id_descendant uuid NOT NULL REFERENCES tag ON DELETE CASCADE ON UPDATE CASCADE,
  PRIMARY KEY (id_ancestor, id_descendant)
);
CREATE INDEX tag_closure_descendant ON tag_closure (id_descendant);

CREATE TABLE tag_asset (
  asset_id {ASSET},
  tag_id uuid NOT NULL REFERENCES tag ON DELETE CASCADE ON UPDATE CASCADE,
  PRIMARY KEY (asset_id, tag_id)
);
CREATE INDEX tag_asset_tag ON tag_asset (tag_id, asset_id);

-- The column `tags` of `asset_exif` of which the rows of tag_asset were made; no row where it was empty.
CREATE TABLE tags_read (
  asset_id uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE ON UPDATE CASCADE,
  tags text[] NOT NULL
);

-- What is still to be done to that column, in this order: a tag was renamed, or deleted (`after` is NULL).
CREATE TABLE tags_change (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  asset_id {ASSET},
  before text NOT NULL,
  after text
);
CREATE INDEX tags_change_asset ON tags_change (asset_id, id);
"""

BACKWARDS = "DROP TABLE tags_change, tags_read, tag_asset, tag_closure, tag;"

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "tags_0001_tags", app="tags", description="Tags", forwards=FORWARDS, backwards=BACKWARDS
)
