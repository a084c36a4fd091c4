"""Text in pictures, by line, and as it is searched."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

FORWARDS = r"""
CREATE TABLE asset_ocr (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  asset_id %(asset)s,
  x1 real NOT NULL, y1 real NOT NULL,
  x2 real NOT NULL, y2 real NOT NULL,
  x3 real NOT NULL, y3 real NOT NULL,
  x4 real NOT NULL, y4 real NOT NULL,
  box_score real NOT NULL,
  text_score real NOT NULL,
  text text NOT NULL,
  is_visible boolean NOT NULL DEFAULT true,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7()
);
CREATE INDEX asset_ocr_asset_id ON asset_ocr (asset_id);
CREATE INDEX asset_ocr_update_id ON asset_ocr (update_id);

CREATE FUNCTION ocr_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.update_id = immich_uuid_v7(); RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON asset_ocr FOR EACH ROW EXECUTE FUNCTION ocr_touch();

-- `ocr_id` is the id of the row that is gone: phones know it by this one.
CREATE TABLE asset_ocr_audit (
  id uuid PRIMARY KEY DEFAULT immich_uuid_v7(),
  ocr_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  deleted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX asset_ocr_audit_asset_id ON asset_ocr_audit (asset_id);
CREATE INDEX asset_ocr_audit_deleted_at ON asset_ocr_audit (deleted_at);
CREATE FUNCTION ocr_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO asset_ocr_audit (ocr_id, asset_id) SELECT id, asset_id FROM gone; RETURN NULL; END $$;
-- Rows that go with their asset leave no trace of their own: clients drop them with it.
CREATE TRIGGER audit_deleted AFTER DELETE ON asset_ocr REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ocr_audit();

CREATE TABLE ocr_search (asset_id %(asset)s PRIMARY KEY, text text NOT NULL);
CREATE INDEX ocr_search_trigrams ON ocr_search USING gin (f_unaccent(text) gin_trgm_ops);

-- Each character of other alphabets, alone and with the next one. Trigrams find nothing shorter than three letters
-- inside a word, and know letters of other alphabets only where the database has a locale of the system's.
CREATE FUNCTION ocr_pairs(value text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(run[1], first, amount)), '{}')
  FROM regexp_matches(public.f_unaccent(value), '[^\u0001-\u007f]+', 'g') AS run,
    generate_series(1, length(run[1])) AS first, generate_series(1, 2) AS amount
$$;
CREATE INDEX ocr_search_pairs ON ocr_search USING gin (ocr_pairs(text));
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "ocr_0001_text",
    app="ocr",
    forwards=FORWARDS % {"asset": ASSET},
    backwards="""
DROP TABLE ocr_search;
DROP TABLE asset_ocr_audit;
DROP TABLE asset_ocr;
DROP FUNCTION ocr_pairs(text);
DROP FUNCTION ocr_audit();
DROP FUNCTION ocr_touch();
UPDATE asset_job_status SET ocr_at = NULL WHERE ocr_at IS NOT NULL;
""",
)
