"""Albums, their members, what is in them, what is said about it, and what was deleted, for phones.

Whoever changes what is in albums holds rows in this order, so that nobody deadlocks: assets, `album_asset` by asset and
album, `album` by id. Who adds or deletes an album holds its advisory lock before `album_asset`, so that there are no
rows that they have not seen.
"""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET, USER

ALBUM = 'uuid NOT NULL REFERENCES "album" ("id") ON DELETE CASCADE ON UPDATE CASCADE'

TABLES = f"""
CREATE TABLE album (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  album_name text NOT NULL DEFAULT 'Untitled Album',
  description text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  album_thumbnail_asset_id uuid,
  is_activity_enabled boolean NOT NULL DEFAULT true,
  "order" text NOT NULL DEFAULT 'desc' CHECK ("order" IN ('asc', 'desc')),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX album_update_id ON album (update_id);

-- The owner has a row too.
CREATE TABLE album_user (
  album_id {ALBUM},
  user_id {USER},
  role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
  create_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (album_id, user_id)
);
CREATE UNIQUE INDEX album_user_one_owner ON album_user (album_id) WHERE role = 'owner';
CREATE INDEX album_user_user ON album_user (user_id, create_id);
CREATE INDEX album_user_update_id ON album_user (update_id);

CREATE TABLE album_asset (
  album_id {ALBUM},
  asset_id {ASSET},
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (album_id, asset_id)
);
CREATE INDEX album_asset_asset ON album_asset (asset_id);
CREATE INDEX album_asset_update_id ON album_asset (album_id, update_id);

-- A like or a comment, of the album or of an asset in it, with which it goes.
CREATE TABLE activity (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  album_id {ALBUM},
  user_id {USER},
  asset_id uuid,
  comment text,
  is_liked boolean NOT NULL DEFAULT false,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  CONSTRAINT activity_is_one CHECK (is_liked = (comment IS NULL)),
  FOREIGN KEY (album_id, asset_id) REFERENCES album_asset ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX activity_one_like ON activity (album_id, user_id, asset_id) WHERE is_liked AND asset_id IS NOT NULL;
CREATE UNIQUE INDEX activity_one_like_of_album ON activity (album_id, user_id) WHERE is_liked AND asset_id IS NULL;
CREATE INDEX activity_album ON activity (album_id, asset_id, created_at);
CREATE INDEX activity_user ON activity (user_id);
CREATE INDEX activity_update_id ON activity (update_id);
"""

AUDIT = f"""
-- Whom an album is gone for: all members of a deleted one, or who has left.
CREATE TABLE album_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  album_id uuid NOT NULL, user_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX album_audit_user ON album_audit (user_id, id);
CREATE INDEX album_audit_deleted_at ON album_audit (deleted_at);
-- Who has left an album that is there.
CREATE TABLE album_user_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  album_id uuid NOT NULL, user_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX album_user_audit_album ON album_user_audit (album_id, id);
CREATE INDEX album_user_audit_deleted_at ON album_user_audit (deleted_at);
CREATE TABLE album_asset_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  album_id {ALBUM},
  asset_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX album_asset_audit_album ON album_asset_audit (album_id, id);
CREATE INDEX album_asset_audit_asset ON album_asset_audit (asset_id);
CREATE INDEX album_asset_audit_deleted_at ON album_asset_audit (deleted_at);

-- An album goes with its owner. Clients drop what is in a deleted album themselves.
CREATE FUNCTION audit_album_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM album WHERE id IN (SELECT album_id FROM gone WHERE role = 'owner');
  INSERT INTO album_audit (album_id, user_id) SELECT album_id, user_id FROM gone;
  INSERT INTO album_user_audit (album_id, user_id)
    SELECT album_id, user_id FROM gone WHERE EXISTS (SELECT FROM album WHERE album.id = gone.album_id);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_deleted AFTER DELETE ON album_user REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION audit_album_user();

-- A cover is in its album: a trigger chooses another one when it is taken out. No foreign key says so, as checking it
-- would hold rows against their order.
-- What is to be the cover where nobody has chosen one: the last of those that are seen that was put in. An index tells
-- it: thousands of assets may leave a large album one by one.
CREATE FUNCTION album_cover(album uuid) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT asset.id FROM album_asset JOIN asset ON asset.id = album_asset.asset_id
  WHERE album_asset.album_id = album AND asset.deleted_at IS NULL AND asset.visibility IN ('timeline', 'archive')
  ORDER BY album_asset.update_id DESC LIMIT 1
$$;

-- Also of what goes with its asset: members do not hear of the erasure of others' assets otherwise.
CREATE FUNCTION audit_album_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM gone) THEN RETURN NULL; END IF;
  PERFORM FROM album WHERE id IN (SELECT album_id FROM gone) ORDER BY id FOR NO KEY UPDATE;
  INSERT INTO album_asset_audit (album_id, asset_id)
    SELECT album_id, asset_id FROM gone WHERE EXISTS (SELECT FROM album WHERE album.id = gone.album_id);
  UPDATE album SET album_thumbnail_asset_id = CASE
      WHEN album_thumbnail_asset_id IN (SELECT asset_id FROM gone WHERE gone.album_id = album.id) THEN album_cover(id)
      ELSE album_thumbnail_asset_id END
    WHERE id IN (SELECT album_id FROM gone);
  RETURN NULL;
END $$;
CREATE TRIGGER audit_deleted AFTER DELETE ON album_asset REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION audit_album_asset();

-- Whoever is new in an album has not got it yet: it is sent to all members again.
CREATE FUNCTION album_shared() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE album SET updated_at = clock_timestamp() WHERE id IN (SELECT album_id FROM added WHERE role <> 'owner');
  RETURN NULL;
END $$;
CREATE TRIGGER shared AFTER INSERT ON album_user REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION album_shared();

-- Locked assets are never shared, not for a moment, nor while the plugin is off; the moving half of a live photo is
-- shown by its still. By statement, as thousands may be locked at once.
CREATE FUNCTION album_asset_unshown() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  left_by uuid[];
BEGIN
  IF EXISTS (SELECT FROM changed WHERE visibility IN ('locked', 'hidden')) THEN
    left_by = ARRAY(SELECT changed.id FROM changed JOIN before ON before.id = changed.id
      WHERE changed.visibility IN ('locked', 'hidden') AND before.visibility <> changed.visibility);
    PERFORM FROM album_asset WHERE asset_id = ANY(left_by) ORDER BY asset_id, album_id FOR UPDATE;
    DELETE FROM album_asset WHERE asset_id = ANY(left_by);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER albums_leave AFTER UPDATE ON asset REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION album_asset_unshown();

CREATE TRIGGER touch BEFORE UPDATE ON album FOR EACH ROW EXECUTE FUNCTION touch_row();
CREATE TRIGGER touch BEFORE UPDATE ON album_user FOR EACH ROW EXECUTE FUNCTION touch_row();
CREATE TRIGGER touch BEFORE UPDATE ON album_asset FOR EACH ROW EXECUTE FUNCTION touch_row();
CREATE TRIGGER touch BEFORE UPDATE ON activity FOR EACH ROW EXECUTE FUNCTION touch_row();
"""  # noqa: S608 - only the host's own words are put in

BACKWARDS = """
DROP TRIGGER albums_leave ON asset;
DROP TABLE activity, album_asset_audit, album_user_audit, album_audit, album_asset, album_user, album;
DROP FUNCTION album_asset_unshown();
DROP FUNCTION album_shared();
DROP FUNCTION audit_album_asset();
DROP FUNCTION album_cover(uuid);
DROP FUNCTION audit_album_user();
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "albums_0001_albums",
    app="albums",
    description="Albums, members, activities",
    forwards=TABLES + AUDIT,
    backwards=BACKWARDS,
)
