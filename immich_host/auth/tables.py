"""The credentials' tables."""

from piccolo.columns import UUID, Array, Boolean, Bytea, Text, Timestamptz
from piccolo.table import Table


class Session(Table, tablename="session"):
    """A signed-in device; `token` is the SHA-256 of what it sends."""

    id = UUID(primary_key=True)
    token = Bytea(unique=True, secret=True)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    expires_at = Timestamptz(null=True, default=None)
    user_id = UUID()
    parent_id = UUID(null=True, default=None)
    device_type = Text(default="")
    device_os = Text(default="")
    app_version = Text(null=True, default=None)
    is_pending_sync_reset = Boolean(default=False)
    pin_expires_at = Timestamptz(null=True, default=None)
    oauth_sid = Text(null=True, default=None)
    oauth_bearer_token = Text(null=True, default=None, secret=True)
    update_id = UUID()


class ApiKey(Table, tablename="api_key"):
    """A key for programs; `key` is the SHA-256 of the secret."""

    id = UUID(primary_key=True)
    name = Text()
    key = Bytea(unique=True, secret=True)
    user_id = UUID()
    permissions = Array(base_column=Text())
    created_at = Timestamptz()
    updated_at = Timestamptz()
    update_id = UUID()
