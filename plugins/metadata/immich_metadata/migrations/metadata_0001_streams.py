"""Streams of videos and the packet index by which they are cut, under Immich's table names."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

FORWARDS = f"""
CREATE TABLE asset_video (
  asset_id {ASSET} PRIMARY KEY,
  bitrate integer NOT NULL,
  frame_count integer NOT NULL,
  time_base integer NOT NULL,
  "index" smallint NOT NULL,
  profile smallint,
  level smallint,
  color_primaries smallint NOT NULL,
  color_transfer smallint NOT NULL,
  color_matrix smallint NOT NULL,
  dv_profile smallint,
  dv_level smallint,
  dv_bl_signal_compatibility_id smallint,
  codec_name text NOT NULL,
  format_name text NOT NULL,
  format_long_name text NOT NULL,
  pixel_format text NOT NULL
);
CREATE TABLE asset_audio (
  asset_id {ASSET} PRIMARY KEY,
  bitrate integer NOT NULL,
  "index" smallint NOT NULL,
  profile smallint,
  codec_name text NOT NULL
);
CREATE TABLE asset_keyframe (
  asset_id {ASSET} PRIMARY KEY,
  pts integer[] NOT NULL,
  acc_duration integer[] NOT NULL,
  own_duration integer[] NOT NULL,
  total_duration integer NOT NULL,
  packet_count integer NOT NULL,
  output_frames integer NOT NULL
);
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "metadata_0001_streams",
    app="metadata",
    description="Streams and keyframes of videos",
    forwards=FORWARDS,
    backwards="DROP TABLE asset_keyframe, asset_audio, asset_video;",
)
