ALTER TABLE weight_extrinsics DROP CONSTRAINT weight_extrinsics_step_check;
ALTER TABLE weight_extrinsics ADD CONSTRAINT weight_extrinsics_step_check CHECK (step IN ('set', 'commit', 'reveal', 'timelock'));
ALTER TABLE weight_extrinsics DROP CONSTRAINT weight_extrinsics_commits;
ALTER TABLE weight_extrinsics ADD CONSTRAINT weight_extrinsics_commits
  CHECK ((step IN ('commit', 'timelock')) = (commit_hash IS NOT NULL));
COMMENT ON COLUMN weight_extrinsics.commit_hash IS 'What the chain stores of a commit; of a timelocked one, blake2b-256 of its bytes.';
ALTER TABLE weight_extrinsics ADD COLUMN spec_version integer;
COMMENT ON COLUMN weight_extrinsics.spec_version IS 'The runtime that it is signed for: once another one makes the blocks, none of them can include it.';
