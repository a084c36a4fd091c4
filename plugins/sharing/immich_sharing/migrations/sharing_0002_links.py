"""Shared links, and what those to single assets show."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET, USER

FORWARDS = f"""
-- `password` is as it was given: its owner is shown it again, to hand it on with the link.
CREATE TABLE shared_link (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  description text,
  user_id {USER},
  key bytea NOT NULL UNIQUE,
  type text NOT NULL CHECK (type IN ('ALBUM', 'INDIVIDUAL')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  allow_upload boolean NOT NULL DEFAULT false,
  album_id uuid REFERENCES "album" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
  allow_download boolean NOT NULL DEFAULT true,
  show_exif boolean NOT NULL DEFAULT true,
  password text,
  slug text CONSTRAINT shared_link_slug UNIQUE,
  CHECK ((type = 'ALBUM') = (album_id IS NOT NULL))
);
CREATE INDEX shared_link_user ON shared_link (user_id, created_at);
CREATE INDEX shared_link_album ON shared_link (album_id) WHERE album_id IS NOT NULL;

CREATE TABLE shared_link_asset (
  asset_id {ASSET},
  shared_link_id uuid NOT NULL REFERENCES shared_link ON DELETE CASCADE ON UPDATE CASCADE,
  PRIMARY KEY (asset_id, shared_link_id)
);
CREATE INDEX shared_link_asset_link ON shared_link_asset (shared_link_id);

-- Locked assets are never shared, not for a moment, nor while the plugin is off, nor again when they are unlocked.
CREATE FUNCTION shared_link_asset_locked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN DELETE FROM shared_link_asset WHERE asset_id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER sharing_leave AFTER UPDATE OF visibility ON asset FOR EACH ROW
  WHEN (NEW.visibility = 'locked' AND OLD.visibility <> 'locked') EXECUTE FUNCTION shared_link_asset_locked();
"""  # noqa: S608 - only the host's own words are put in

BACKWARDS = """
DROP TRIGGER sharing_leave ON asset;
DROP TABLE shared_link_asset, shared_link;
DROP FUNCTION shared_link_asset_locked();
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "sharing_0002_links", app="sharing", description="Shared links", forwards=FORWARDS, backwards=BACKWARDS
)
