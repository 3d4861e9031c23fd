CREATE TABLE contents (
  job_id text NOT NULL REFERENCES jobs,
  variant text NOT NULL CHECK (variant IN ('video')),
  mime text NOT NULL,
  bytes bytea NOT NULL,
  sha256 text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, variant)
);
ALTER TABLE contents ALTER COLUMN bytes SET STORAGE EXTERNAL;
COMMENT ON TABLE contents IS 'Files made from a finished job''s frames (the MP4), served as they are. No hash that is judged is ever over them.';
