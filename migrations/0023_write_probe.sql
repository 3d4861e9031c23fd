CREATE UNLOGGED TABLE write_probe (
  id uuid PRIMARY KEY,
  filler bytea NOT NULL
);
ALTER TABLE write_probe ALTER COLUMN filler SET STORAGE PLAIN;
COMMENT ON TABLE write_probe IS 'Where processes try whether they can write: a row that fills a page, so that the file has to grow, and is deleted again. Empty.';
