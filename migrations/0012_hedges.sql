ALTER TABLE attempts ADD COLUMN hedge boolean NOT NULL DEFAULT false;
ALTER TABLE attempts DROP CONSTRAINT attempts_inference_id_attempt_no_key;
ALTER TABLE attempts ADD CONSTRAINT attempts_numbered UNIQUE (inference_id, attempt_no, hedge);
COMMENT ON COLUMN attempts.hedge IS 'The second prover of this attempt, asked because the first showed no progress in time. Whoever begins first is waited for; the other is outpaced, which is neutral.';
