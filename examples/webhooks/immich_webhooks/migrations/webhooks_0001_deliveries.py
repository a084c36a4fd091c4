from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import USER

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "webhooks_0001_deliveries",
    app="webhooks",
    description="Endpoints, and what was sent to them",
    forwards=f"""
      CREATE TABLE webhooks_endpoint (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        owner_id {USER},
        url text NOT NULL,
        secret text NOT NULL,
        facts text[] NOT NULL,
        all_users boolean NOT NULL DEFAULT false,
        is_enabled boolean NOT NULL DEFAULT true,
        created_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX webhooks_endpoint_owner ON webhooks_endpoint (owner_id);
      CREATE TABLE webhooks_delivery (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        endpoint_id uuid NOT NULL REFERENCES webhooks_endpoint ON DELETE CASCADE,
        fact text NOT NULL,
        payload jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'delivered', 'failed')),
        attempts integer NOT NULL DEFAULT 0,
        answer_status integer,
        error text,
        milliseconds integer,
        tried_at timestamptz
      );
      CREATE INDEX webhooks_delivery_endpoint ON webhooks_delivery (endpoint_id, created_at DESC);
      CREATE INDEX webhooks_delivery_created_at ON webhooks_delivery (created_at);
    """,
    backwards="DROP TABLE webhooks_delivery; DROP TABLE webhooks_endpoint",
)
