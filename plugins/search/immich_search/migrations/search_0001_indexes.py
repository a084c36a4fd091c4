"""Indexes over the host's tables, for pages in order of time and size, parts of descriptions, and suggestions."""

from immich_host.plugin_api.migrations import sql_migration

FORWARDS = """
CREATE INDEX search_by_time ON asset (owner_id, file_created_at, id)
  WHERE deleted_at IS NULL AND visibility IN ('timeline', 'archive');
CREATE INDEX search_by_local_time ON asset (owner_id, local_date_time, id)
  WHERE deleted_at IS NULL AND visibility IN ('timeline', 'archive');
CREATE INDEX search_by_size ON asset_exif (coalesce(file_size_in_byte, -1), asset_id);
CREATE INDEX search_description ON asset_exif USING gin (f_unaccent(description) gin_trgm_ops);
CREATE INDEX search_places ON asset_exif (coalesce(country, ''), coalesce(state, ''), coalesce(city, ''));
CREATE INDEX search_cameras ON asset_exif (coalesce(make, ''), coalesce(model, ''), coalesce(lens_model, ''));
"""

BACKWARDS = """
DROP INDEX search_by_time, search_by_local_time, search_by_size, search_description, search_places,
  search_cameras
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "search_0001_indexes",
    app="search",
    description="Indexes for searches",
    forwards=FORWARDS,
    backwards=BACKWARDS,
)
