ALTER TABLE prover_routing ADD COLUMN proven_ppm integer CHECK (proven_ppm >= 0);
COMMENT ON COLUMN prover_routing.proven_ppm IS 'The capacity that it had proven when it was settled last, in millionths of a GPU: what draws of users'' requests are weighted by. Null while it was not in a settled interval.';
