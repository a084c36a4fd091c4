"""What photos and videos look like, which of them look alike, and what people have settled."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

FORWARDS = f"""
CREATE TABLE duplicates_fingerprint (
  asset_id {ASSET} PRIMARY KEY,
  recipe text NOT NULL,
  duration integer,
  grouped_as uuid
);
CREATE INDEX duplicates_fingerprint_duration ON duplicates_fingerprint (duration) WHERE duration IS NOT NULL;

-- Vectors stay in the row: whoever compares many of them reads one page after the other.
CREATE TABLE duplicates_frame (
  asset_id uuid NOT NULL REFERENCES duplicates_fingerprint ON DELETE CASCADE ON UPDATE CASCADE,
  frame smallint NOT NULL,
  embedding halfvec(1280) STORAGE PLAIN NOT NULL,
  details bytea STORAGE EXTERNAL NOT NULL,
  PRIMARY KEY (asset_id, frame)
);
CREATE INDEX duplicates_frame_embedding ON duplicates_frame USING hnsw (embedding halfvec_cosine_ops)
  WHERE frame = 0;

CREATE TABLE duplicates_match (
  asset_id {ASSET},
  other_id {ASSET},
  distance real NOT NULL,
  PRIMARY KEY (asset_id, other_id)
);
CREATE INDEX duplicates_match_other ON duplicates_match (other_id);

CREATE TABLE duplicates_settled (
  asset_id {ASSET},
  duplicate_id uuid NOT NULL,
  PRIMARY KEY (asset_id, duplicate_id)
);
"""

BACKWARDS = """
DROP TABLE duplicates_settled;
DROP TABLE duplicates_match;
DROP TABLE duplicates_frame;
DROP TABLE duplicates_fingerprint;
UPDATE asset_job_status SET duplicates_detected_at = NULL WHERE duplicates_detected_at IS NOT NULL;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "duplicates_0001_fingerprints",
    app="duplicates",
    forwards=FORWARDS,
    backwards=BACKWARDS,
    description="Fingerprints of assets, and what they match",
)
