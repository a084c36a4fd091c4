from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import USER

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "hot_folder_0001_files",
    app="hot_folder",
    description="Files that were looked at",
    forwards=f"""
      CREATE TABLE hot_folder_file (
        path text NOT NULL,
        owner_id {USER},
        size bigint NOT NULL,
        mtime_ns bigint NOT NULL,
        status text NOT NULL CHECK (status IN ('imported', 'duplicate', 'refused', 'failed')),
        reason text,
        asset_id uuid REFERENCES asset ON DELETE SET NULL,
        looked_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (path, owner_id)
      );
      CREATE INDEX hot_folder_file_looked_at ON hot_folder_file (looked_at);
      CREATE INDEX hot_folder_file_asset ON hot_folder_file (asset_id);
    """,
    backwards="DROP TABLE hot_folder_file",
)
