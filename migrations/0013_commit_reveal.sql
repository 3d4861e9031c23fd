ALTER TABLE weight_sets ADD COLUMN salt integer[];
ALTER TABLE weight_sets ADD COLUMN version_key bigint;
ALTER TABLE weight_sets DROP CONSTRAINT weight_sets_state_check;
ALTER TABLE weight_sets ADD CONSTRAINT weight_sets_state_check
  CHECK (state IN ('decided', 'sent', 'committed', 'revealing', 'included', 'confirmed', 'done'));
COMMENT ON COLUMN weight_sets.salt IS 'Of the commit that was made of these weights, stored before it is sent: without it nobody can reveal them. Null for weights in the open.';
COMMENT ON COLUMN weight_sets.version_key IS 'What the commit was made with: its reveal has to name the same.';

ALTER TABLE weight_extrinsics ADD COLUMN step text NOT NULL DEFAULT 'set' CHECK (step IN ('set', 'commit', 'reveal'));
ALTER TABLE weight_extrinsics ADD COLUMN commit_hash text;
ALTER TABLE weight_extrinsics ADD COLUMN reveal_first bigint;
ALTER TABLE weight_extrinsics ADD COLUMN reveal_last bigint;
ALTER TABLE weight_extrinsics ADD CONSTRAINT weight_extrinsics_commits CHECK ((step = 'commit') = (commit_hash IS NOT NULL));
COMMENT ON COLUMN weight_extrinsics.reveal_first IS 'Of a commit in a finalized block: the first block that may include its reveal, as the chain stores it.';
