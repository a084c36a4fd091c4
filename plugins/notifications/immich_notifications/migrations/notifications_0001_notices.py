"""Notifications, mails that are to be sent, and changes of albums that members are to hear of."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import USER

FORWARDS = """
CREATE TABLE notification (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  deleted_at timestamptz,
  update_id uuid NOT NULL DEFAULT immich_uuid_v7(),
  user_id %(user)s,
  level text NOT NULL DEFAULT 'info' CHECK (level IN ('success', 'error', 'warning', 'info')),
  type text NOT NULL DEFAULT 'Custom' CHECK (type IN ('JobFailed', 'BackupFailed', 'SystemMessage', 'AlbumInvite',
    'AlbumUpdate', 'ClusterGroupRequest', 'Custom')),
  data jsonb,
  title text NOT NULL,
  description text,
  read_at timestamptz
);
CREATE INDEX notification_user_id ON notification (user_id, created_at DESC) WHERE deleted_at IS NULL;
CREATE INDEX notification_created_at ON notification (created_at);
CREATE INDEX notification_update_id ON notification (update_id);

CREATE TRIGGER touch BEFORE UPDATE ON notification FOR EACH ROW EXECUTE FUNCTION touch_row();

-- A row stays for some days after its mail was sent, so that none goes out twice.
CREATE TABLE notifications_mail (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id %(user)s,
  kind text NOT NULL,
  about jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  sent_at timestamptz,
  failed_at timestamptz
);
CREATE INDEX notifications_mail_user_id ON notifications_mail (user_id);
CREATE INDEX notifications_mail_created_at ON notifications_mail (created_at);

CREATE TABLE notifications_album_change (
  album_id uuid NOT NULL,
  user_id %(user)s,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (album_id, user_id)
);
CREATE INDEX notifications_album_change_user_id ON notifications_album_change (user_id);
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "notifications_0001_notices",
    app="notifications",
    forwards=FORWARDS % {"user": USER},
    backwards="""
DROP TABLE notifications_album_change;
DROP TABLE notifications_mail;
DROP TABLE notification;
""",
)
