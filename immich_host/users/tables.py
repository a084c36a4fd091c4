"""The accounts' tables."""

import warnings

from piccolo.columns import UUID, BigInt, Boolean, Text, Timestamptz
from piccolo.table import Table

with warnings.catch_warnings():
    # Piccolo advises against a reserved word as a name; it quotes it everywhere, and Immich has it so
    warnings.filterwarnings("ignore", "We recommend giving your table")

    class User(Table, tablename="user"):
        """An account. `password` and `pin_code` are bcrypt hashes, `password` is empty where none is set."""

        id = UUID(primary_key=True)
        email = Text(unique=True)
        password = Text(default="", secret=True)
        pin_code = Text(null=True, default=None, secret=True)
        created_at = Timestamptz()
        updated_at = Timestamptz()
        deleted_at = Timestamptz(null=True, default=None)
        name = Text(default="")
        profile_image_path = Text(default="")
        profile_changed_at = Timestamptz()
        is_admin = Boolean(default=False)
        should_change_password = Boolean(default=True)
        avatar_color = Text(null=True, default=None)
        oauth_id = Text(default="")
        storage_label = Text(null=True, default=None, unique=True)
        quota_size_in_bytes = BigInt(null=True, default=None)
        quota_usage_in_bytes = BigInt(default=0)
        status = Text(default="active")
        cluster_group_id = UUID()
        update_id = UUID()
