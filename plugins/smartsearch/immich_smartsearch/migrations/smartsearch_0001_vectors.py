"""The vectors of assets, and the models that have made them."""

from immich_host.plugin_api.migrations import sql_migration
from immich_host.plugin_api.refs import ASSET

FORWARDS = f"""
-- One that vectors are made with: a model by its name, by the rules of this plugin, with so many dimensions (null
-- until the first vector). Of one name and rules the current one counts; another comes with other dimensions.
CREATE TABLE smartsearch_model (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  rules integer NOT NULL,
  dimensions integer,
  is_current boolean NOT NULL DEFAULT true,
  is_answering boolean NOT NULL DEFAULT false,
  asked_at timestamptz,
  retired_at timestamptz,
  problem text,
  problem_asset_id uuid,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX smartsearch_model_current ON smartsearch_model (name, rules) WHERE is_current;
CREATE UNIQUE INDEX smartsearch_model_answering ON smartsearch_model (is_answering) WHERE is_answering;

-- Null where nothing came of it. `preview_id` is the update_id of the preview's row in asset_file.
CREATE TABLE smart_search (
  asset_id {ASSET},
  model_id integer NOT NULL REFERENCES smartsearch_model (id),
  preview_id uuid,
  embedding halfvec,
  PRIMARY KEY (asset_id, model_id)
);
-- in the row itself, so that an exact search need not look anywhere else
ALTER TABLE smart_search ALTER COLUMN embedding SET STORAGE PLAIN;
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "smartsearch_0001_vectors",
    app="smartsearch",
    description="Vectors of assets",
    forwards=FORWARDS,
    backwards="DROP TABLE smart_search, smartsearch_model;",
)
