-- Each prover's part of a wide round is looked up by itself: without the hotkey, every one of them read the whole round.
CREATE INDEX attempts_of_wide_round_prover ON attempts (netuid, verifier, wide_n, wide_round, hotkey) WHERE wide_n IS NOT NULL;
DROP INDEX attempts_of_wide_round;
