from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

# The stack is not referenced: a row whose stack is gone says that somebody took it apart.
ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "auto_stack_0001_members",
    app="auto_stack",
    description="Assets that the plugin has stacked",
    forwards=f"""
      CREATE TABLE auto_stack_member (
        asset_id {ASSET} PRIMARY KEY,
        stack_id uuid NOT NULL,
        is_shown boolean NOT NULL,
        rules text[] NOT NULL,
        stacked_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX auto_stack_member_stack ON auto_stack_member (stack_id);
    """,
    backwards="DROP TABLE auto_stack_member",
)
