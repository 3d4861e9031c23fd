CREATE INDEX scores_of_prover ON scores (netuid, verifier, hotkey, registered_block, n DESC);
CREATE INDEX tier_history_of_prover ON tier_history (netuid, verifier, hotkey, registered_block, n DESC);
CREATE INDEX attempts_of_prover_interval ON attempts (netuid, verifier, hotkey, n);
