-- How often a prover was caught, and when last: few rows of many, and every page of the network asks.
CREATE INDEX scores_with_cheats ON scores (netuid, verifier, hotkey, registered_block, n) INCLUDE (cheats)
  WHERE cheats > 0;
