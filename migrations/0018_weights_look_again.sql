ALTER TABLE weight_sets ADD COLUMN changed_uids integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN weight_sets.changed_uids IS 'Of committed weights: the uids that belonged to another hotkey when their reveal was due. The first time they are committed anew, so that nobody is given another''s weight.';

-- What setting weights asks before each extrinsic, however many there have been.
CREATE INDEX weight_extrinsics_by_block ON weight_extrinsics (netuid, verifier, included_block);
CREATE INDEX weight_extrinsics_open ON weight_extrinsics (netuid, verifier) WHERE result IS NULL;
