-- What a cheat was judged by, as one file that anybody can check who has it. It goes with its verdict.
ALTER TABLE verdicts ADD COLUMN evidence_sha256 text CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$');
COMMENT ON COLUMN verdicts.evidence_sha256 IS 'Of a cheat: the hash of its evidence. Null of other verdicts, and of cheats that an earlier version found.';

CREATE TABLE evidence (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  request_id uuid NOT NULL,
  kind text NOT NULL,
  hotkey text NOT NULL,
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  of_user boolean NOT NULL,
  whole boolean NOT NULL,
  gzip bytea NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, n, request_id, kind),
  FOREIGN KEY (netuid, verifier, n, request_id, kind) REFERENCES verdicts ON DELETE CASCADE
);
CREATE INDEX evidence_by_hash ON evidence (sha256);
CREATE INDEX evidence_of_prover ON evidence (netuid, verifier, n, hotkey);
ALTER TABLE evidence ALTER COLUMN gzip SET STORAGE EXTERNAL;
COMMENT ON TABLE evidence IS 'Evidence of cheats: a signed JSON file each, compressed.';
COMMENT ON COLUMN evidence.of_user IS 'Whether a user''s words are in it: then nobody but the accused may have it.';
COMMENT ON COLUMN evidence.whole IS 'Whether the opened states or sent frames are in it. Of an interval''s many cheats of one prover only the first few have them.';
