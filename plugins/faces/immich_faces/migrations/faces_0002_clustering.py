"""What the last clustering saw, so that the next one looks only at what has changed since."""

from immich_host.plugin_api.migrations import sql_migration

CLUSTERING = """
-- Whose face clustering has made it; `seen` says in one number of what. `is_held`: it was this person's when a human
-- last said something about them, and stays theirs.
CREATE TABLE faces_clustered (
  face_id uuid PRIMARY KEY REFERENCES asset_face ON DELETE CASCADE ON UPDATE CASCADE,
  cluster_group_id uuid NOT NULL,
  person_id uuid,
  is_held boolean NOT NULL,
  seen bigint NOT NULL
);
CREATE INDEX faces_clustered_group ON faces_clustered (cluster_group_id);

-- Faces that clustering had seen and that are no more, until the next clustering: whose they were.
CREATE TABLE faces_gone (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  cluster_group_id uuid NOT NULL,
  person_id uuid
);
CREATE INDEX faces_gone_group ON faces_gone (cluster_group_id);
CREATE FUNCTION note_face_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO faces_gone (cluster_group_id, person_id) VALUES (OLD.cluster_group_id, OLD.person_id);
  RETURN NULL;
END $$;
CREATE TRIGGER note_gone AFTER DELETE ON faces_clustered
  FOR EACH ROW WHEN (OLD.seen <> 0) EXECUTE FUNCTION note_face_gone();

-- What humans had said of a person, as one number: name, birth date and the like.
CREATE TABLE faces_said (
  person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE ON UPDATE CASCADE,
  said bigint NOT NULL
);

-- `made_by`: model and settings; `faces`: how many there were; `seconds`: how long it took. `is_loose`: faces have
-- gone since all were looked at.
CREATE TABLE faces_clustering (
  cluster_group_id uuid PRIMARY KEY,
  made_by text NOT NULL,
  faces bigint NOT NULL,
  seconds float8 NOT NULL,
  is_loose boolean NOT NULL,
  ran_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX face_search_model ON face_search (model);
"""

ID, VERSION, DESCRIPTION, forwards = sql_migration(
    "faces_0002_clustering",
    app="faces",
    description="What clustering saw",
    forwards=CLUSTERING,
    backwards="""DROP INDEX face_search_model; DROP TABLE faces_clustering, faces_said, faces_clustered, faces_gone;
                 DROP FUNCTION note_face_gone()""",
)
