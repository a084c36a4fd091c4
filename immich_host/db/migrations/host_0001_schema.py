"""The host's tables, by the names that Immich gives them, with snake_case columns.

Why longer than others: the first state of all tables is one migration, read from top to bottom.
"""

from immich_host.plugin_api.migrations import sql_migration

FUNCTIONS = r"""
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- 48 bits of milliseconds, 12 bits below a millisecond, then random bits: sorts by time.
CREATE FUNCTION immich_uuid_v7(moment timestamptz DEFAULT clock_timestamp()) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    set_byte(
      set_byte(
        overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send((extract(epoch FROM moment) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        6, 112 | (fraction >> 8)),
      7, fraction & 255),
    'hex')::uuid
  FROM (SELECT ((extract(epoch FROM moment) * 1000000)::bigint % 1000 * 4096 / 1000)::int AS fraction) AS f
$$;

CREATE FUNCTION f_unaccent(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT public.unaccent('public.unaccent'::regdictionary, value) $$;

-- How lists for people are sorted: without case and accents.
CREATE FUNCTION sort_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT lower(public.f_unaccent(value)) $$;

CREATE FUNCTION touch_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at = clock_timestamp();
  NEW.update_id = immich_uuid_v7(NEW.updated_at);
  RETURN NEW;
END $$;

-- Tells every process which rows changed: `<table>:<id>,...`, or `<table>:*` for many.
CREATE FUNCTION tell_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids text;
  amount int;
BEGIN
  EXECUTE format('SELECT count(*), string_agg(%I::text, '','') FROM (SELECT %I FROM changed LIMIT 201) AS c',
    TG_ARGV[0], TG_ARGV[0]) INTO amount, ids;
  IF amount = 0 THEN RETURN NULL; END IF;
  IF amount > 200 THEN ids = '*'; END IF;
  PERFORM pg_notify('host_changed', TG_TABLE_NAME || ':' || ids);
  RETURN NULL;
END $$;

-- As tell_changed, for updates of users; every upload raises its owner's usage, which nobody holds in memory.
CREATE FUNCTION tell_user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids text;
BEGIN
  SELECT string_agg(changed.id::text, ',') INTO ids FROM changed JOIN before ON before.id = changed.id
  WHERE to_jsonb(changed) - '{quota_usage_in_bytes,updated_at,update_id}'::text[]
    IS DISTINCT FROM to_jsonb(before) - '{quota_usage_in_bytes,updated_at,update_id}'::text[];
  IF ids IS NOT NULL THEN
    PERFORM pg_notify('host_changed', 'user:' || CASE WHEN length(ids) > 7400 THEN '*' ELSE ids END);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION tell_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('host_changed', TG_TABLE_NAME || ':*');
  RETURN NULL;
END $$;

-- Installs the triggers above on a table whose rows other processes hold in memory.
CREATE FUNCTION notify_on_change(relation text, id_column text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER tell_inserted AFTER INSERT ON %I REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_changed(%L)', relation, id_column);
  EXECUTE format('CREATE TRIGGER tell_updated AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_changed(%L)', relation, id_column);
  EXECUTE format('CREATE TRIGGER tell_deleted AFTER DELETE ON %I REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_changed(%L)', relation, id_column);
  EXECUTE format('CREATE TRIGGER tell_truncated AFTER TRUNCATE ON %I
    FOR EACH STATEMENT EXECUTE FUNCTION tell_truncated()', relation);
END $$;
"""

TABLES = r"""
CREATE TABLE "user" (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL UNIQUE,
  password text NOT NULL DEFAULT '',
  pin_code text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  name text NOT NULL DEFAULT '',
  profile_image_path text NOT NULL DEFAULT '',
  profile_changed_at timestamptz NOT NULL DEFAULT now(),
  is_admin boolean NOT NULL DEFAULT false,
  should_change_password boolean NOT NULL DEFAULT true,
  avatar_color text,
  oauth_id text NOT NULL DEFAULT '',
  storage_label text UNIQUE,
  quota_size_in_bytes bigint,
  quota_usage_in_bytes bigint NOT NULL DEFAULT 0,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'removing', 'deleted')),
  cluster_group_id uuid NOT NULL DEFAULT gen_random_uuid(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);

CREATE TABLE session (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  token bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  user_id uuid NOT NULL REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE,
  parent_id uuid REFERENCES session ON DELETE CASCADE ON UPDATE CASCADE,
  device_type text NOT NULL DEFAULT '',
  device_os text NOT NULL DEFAULT '',
  app_version text,
  is_pending_sync_reset boolean NOT NULL DEFAULT false,
  pin_expires_at timestamptz,
  oauth_sid text,
  oauth_bearer_token text,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX session_user_id ON session (user_id);
CREATE INDEX session_parent_id ON session (parent_id);
CREATE INDEX session_oauth_sid ON session (oauth_sid) WHERE oauth_sid IS NOT NULL;

CREATE TABLE api_key (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  key bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE,
  permissions text[] NOT NULL DEFAULT '{all}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX api_key_user_id ON api_key (user_id);

CREATE TABLE stack (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  primary_asset_id uuid NOT NULL UNIQUE,
  owner_id uuid NOT NULL REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX stack_owner_id ON stack (owner_id);

CREATE TABLE asset (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_id uuid NOT NULL REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE,
  type text NOT NULL CHECK (type IN ('IMAGE', 'VIDEO', 'AUDIO', 'OTHER')),
  original_path text NOT NULL,
  original_file_name text NOT NULL,
  file_created_at timestamptz NOT NULL,
  file_modified_at timestamptz NOT NULL,
  local_date_time timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  is_favorite boolean NOT NULL DEFAULT false,
  is_offline boolean NOT NULL DEFAULT false,
  is_external boolean NOT NULL DEFAULT false,
  is_edited boolean NOT NULL DEFAULT false,
  duration integer,
  width integer,
  height integer,
  checksum bytea NOT NULL,
  checksum_algorithm text NOT NULL DEFAULT 'sha1' CHECK (checksum_algorithm IN ('sha1', 'sha1-path')),
  thumbhash bytea,
  visibility text NOT NULL DEFAULT 'timeline'
    CHECK (visibility IN ('archive', 'timeline', 'hidden', 'locked')),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'trashed', 'deleted')),
  live_photo_video_id uuid REFERENCES asset ON DELETE SET NULL ON UPDATE CASCADE,
  library_id uuid,
  stack_id uuid REFERENCES stack ON DELETE SET NULL ON UPDATE CASCADE,
  duplicate_id uuid,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  local_month date NOT NULL
    GENERATED ALWAYS AS (date_trunc('month', local_date_time AT TIME ZONE 'UTC')::date) STORED,
  created_month date NOT NULL
    GENERATED ALWAYS AS (date_trunc('month', created_at AT TIME ZONE 'UTC')::date) STORED
);
ALTER TABLE stack ADD CONSTRAINT stack_primary_asset_id_fkey
  FOREIGN KEY (primary_asset_id) REFERENCES asset ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED;
CREATE UNIQUE INDEX asset_owner_checksum ON asset (owner_id, checksum) WHERE library_id IS NULL;
CREATE UNIQUE INDEX asset_owner_library_checksum ON asset (owner_id, library_id, checksum)
  WHERE library_id IS NOT NULL;
CREATE INDEX asset_checksum ON asset (checksum);
CREATE INDEX asset_timeline ON asset (owner_id, local_month)
  WHERE deleted_at IS NULL AND visibility = 'timeline';
CREATE INDEX asset_owner_month ON asset (owner_id, visibility, local_month) WHERE deleted_at IS NULL;
CREATE INDEX asset_trash ON asset (owner_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX asset_created_at ON asset (created_at);
CREATE INDEX asset_file_created_at ON asset (file_created_at);
CREATE INDEX asset_local_day ON asset (((local_date_time AT TIME ZONE 'UTC')::date));
CREATE INDEX asset_original_path ON asset (original_path, library_id);
CREATE INDEX asset_live_photo_video ON asset (live_photo_video_id) WHERE live_photo_video_id IS NOT NULL;
CREATE INDEX asset_stack ON asset (stack_id) WHERE stack_id IS NOT NULL;
CREATE INDEX asset_duplicate ON asset (duplicate_id) WHERE duplicate_id IS NOT NULL;
CREATE INDEX asset_file_name_trigrams ON asset USING gin (f_unaccent(original_file_name) gin_trgm_ops);
CREATE INDEX asset_update_id ON asset (owner_id, update_id);

CREATE TABLE asset_exif (
  asset_id uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE ON UPDATE CASCADE,
  make text, model text, lens_model text,
  exif_image_width integer, exif_image_height integer,
  file_size_in_byte bigint,
  orientation text,
  date_time_original timestamptz, modify_date timestamptz, time_zone text,
  f_number double precision, focal_length double precision, iso integer, exposure_time text,
  latitude double precision, longitude double precision,
  city text, state text, country text,
  description text NOT NULL DEFAULT '',
  fps double precision,
  live_photo_cid text, auto_stack_id text,
  projection_type text, profile_description text, colorspace text, bits_per_sample integer,
  rating integer,
  tags text[],
  locked_properties text[] NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX asset_exif_city ON asset_exif (city) WHERE city IS NOT NULL;
CREATE INDEX asset_exif_live_photo_cid ON asset_exif (live_photo_cid) WHERE live_photo_cid IS NOT NULL;
CREATE INDEX asset_exif_auto_stack_id ON asset_exif (auto_stack_id) WHERE auto_stack_id IS NOT NULL;
CREATE INDEX asset_exif_update_id ON asset_exif (update_id);
CREATE INDEX asset_exif_place ON asset_exif (latitude, longitude) WHERE latitude IS NOT NULL;

CREATE TABLE asset_file (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  asset_id uuid NOT NULL REFERENCES asset ON DELETE CASCADE ON UPDATE CASCADE,
  type text NOT NULL CHECK (type IN ('fullsize', 'preview', 'thumbnail', 'sidecar', 'encoded_video')),
  path text NOT NULL,
  is_edited boolean NOT NULL DEFAULT false,
  is_progressive boolean NOT NULL DEFAULT false,
  is_transparent boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  UNIQUE (asset_id, type, is_edited)
);

CREATE TABLE asset_job_status (
  asset_id uuid PRIMARY KEY REFERENCES asset ON DELETE CASCADE ON UPDATE CASCADE,
  faces_recognized_at timestamptz,
  metadata_extracted_at timestamptz,
  duplicates_detected_at timestamptz,
  ocr_at timestamptz
);

CREATE TABLE asset_metadata (
  asset_id uuid NOT NULL REFERENCES asset ON DELETE CASCADE ON UPDATE CASCADE,
  key text NOT NULL,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (asset_id, key)
);
CREATE INDEX asset_metadata_update_id ON asset_metadata (update_id);

CREATE TABLE user_metadata (
  user_id uuid NOT NULL REFERENCES "user" ON DELETE CASCADE ON UPDATE CASCADE,
  key text NOT NULL,
  value jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  PRIMARY KEY (user_id, key)
);

CREATE TABLE system_metadata (key text PRIMARY KEY, value jsonb NOT NULL);

CREATE TABLE version_history (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now(),
  version text NOT NULL
);

-- What an admin wants of a plugin; a plugin without a row is on.
CREATE TABLE plugin_state (
  name text PRIMARY KEY,
  is_enabled boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now()
);
"""

AUDIT = r"""
CREATE TABLE asset_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  asset_id uuid NOT NULL, owner_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX asset_audit_owner ON asset_audit (owner_id, id);
CREATE INDEX asset_audit_deleted_at ON asset_audit (deleted_at);
CREATE TABLE asset_metadata_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  asset_id uuid NOT NULL, key text NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX asset_metadata_audit_deleted_at ON asset_metadata_audit (deleted_at);
CREATE TABLE stack_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  stack_id uuid NOT NULL, user_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX stack_audit_deleted_at ON stack_audit (deleted_at);
CREATE TABLE user_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  user_id uuid NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX user_audit_deleted_at ON user_audit (deleted_at);
CREATE TABLE user_metadata_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  user_id uuid NOT NULL, key text NOT NULL, deleted_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX user_metadata_audit_deleted_at ON user_metadata_audit (deleted_at);

CREATE FUNCTION audit_asset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO asset_audit (asset_id, owner_id) SELECT id, owner_id FROM gone; RETURN NULL; END $$;
CREATE FUNCTION audit_asset_metadata() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO asset_metadata_audit (asset_id, key) SELECT asset_id, key FROM gone; RETURN NULL; END $$;
CREATE FUNCTION audit_stack() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO stack_audit (stack_id, user_id) SELECT id, owner_id FROM gone; RETURN NULL; END $$;
CREATE FUNCTION audit_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO user_audit (user_id) SELECT id FROM gone; RETURN NULL; END $$;
CREATE FUNCTION audit_user_metadata() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO user_metadata_audit (user_id, key) SELECT user_id, key FROM gone; RETURN NULL; END $$;

-- Rows that go with their parent leave no trace of their own: clients drop the children themselves.
CREATE TRIGGER audit_deleted AFTER DELETE ON asset REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_asset();
CREATE TRIGGER audit_deleted AFTER DELETE ON asset_metadata REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_asset_metadata();
CREATE TRIGGER audit_deleted AFTER DELETE ON stack REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_stack();
CREATE TRIGGER audit_deleted AFTER DELETE ON "user" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_user();
CREATE TRIGGER audit_deleted AFTER DELETE ON user_metadata REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION audit_user_metadata();
"""

TOUCHED = ("user", "session", "api_key", "stack", "asset", "asset_exif", "asset_file", "asset_metadata",
           "user_metadata")  # fmt: skip
TOLD = {
    "user": "id",
    "session": "id",
    "api_key": "id",
    "user_metadata": "user_id",
    "system_metadata": "key",
    "plugin_state": "name",
}
TRIGGERS = "".join(
    f'CREATE TRIGGER touch BEFORE UPDATE ON "{table}" FOR EACH ROW EXECUTE FUNCTION touch_row();\n' for table in TOUCHED
) + "".join(f"SELECT notify_on_change('{table}', '{column}');\n" for table, column in TOLD.items())

USER_TRIGGER = """
DROP TRIGGER tell_updated ON "user";
CREATE TRIGGER tell_updated AFTER UPDATE ON "user" REFERENCING OLD TABLE AS before NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tell_user_changed();
"""

# An insert cannot stale what others hold of an asset, so only updates and deletes are told.
ASSET_TRIGGERS = """
CREATE TRIGGER tell_updated AFTER UPDATE ON asset REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tell_changed('id');
CREATE TRIGGER tell_deleted AFTER DELETE ON asset REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tell_changed('id');
CREATE TRIGGER tell_updated AFTER UPDATE ON asset_file REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tell_changed('asset_id');
CREATE TRIGGER tell_deleted AFTER DELETE ON asset_file REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tell_changed('asset_id');
"""

NEVER_BACK = """
DO $$ BEGIN RAISE EXCEPTION 'the host''s own tables are not purged; drop the database instead'; END $$;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "host_0001_schema",
    app="host",
    description="The host's tables",
    forwards=FUNCTIONS + TABLES + AUDIT + TRIGGERS + USER_TRIGGER + ASSET_TRIGGERS,
    backwards=NEVER_BACK,
)
