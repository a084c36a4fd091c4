"""Live streams: who watches what, under Immich's table names, and which process encodes it."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

FORWARDS = f"""
CREATE TABLE video_stream_session (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  asset_id {ASSET},
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX video_stream_session_asset_id_idx ON video_stream_session (asset_id);
CREATE INDEX video_stream_session_expires_at_idx ON video_stream_session (expires_at);
CREATE TABLE video_stream_variant (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  session_id uuid NOT NULL REFERENCES video_stream_session (id) ON DELETE CASCADE,
  "index" smallint NOT NULL,
  codec text NOT NULL CHECK (codec IN ('h264', 'hevc', 'av1')),
  resolution smallint NOT NULL,
  bitrate integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  wanted integer NOT NULL DEFAULT 0,
  asked_at timestamptz,
  run uuid,
  run_first integer,
  run_next integer,
  run_seen_at timestamptz,
  UNIQUE (session_id, "index")
);
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "transcode_0001_video_stream",
    app="transcode",
    description="Live streams",
    forwards=FORWARDS,
    backwards="DROP TABLE video_stream_variant, video_stream_session;",
)
