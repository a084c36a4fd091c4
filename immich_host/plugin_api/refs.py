"""Foreign-key columns to the host's tables, for a plugin's own migrations (raw SQL).

Example: `f"CREATE TABLE faces_seen (asset_id {ASSET}, seen_by {USER})"`.
"""

ASSET = 'uuid NOT NULL REFERENCES "asset" ("id") ON DELETE CASCADE ON UPDATE CASCADE'
"""A required reference to an asset; rows go with it."""

USER = 'uuid NOT NULL REFERENCES "user" ("id") ON DELETE CASCADE ON UPDATE CASCADE'
"""A required reference to a user; rows go with it."""
