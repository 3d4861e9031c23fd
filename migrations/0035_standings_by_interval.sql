-- With these a settlement's rows tell all of a prover's standing, also while a later one's may not be shown.
ALTER TABLE scores ADD COLUMN validations_since_move integer, ADD COLUMN fast_return boolean;
COMMENT ON COLUMN scores.validations_since_move IS 'As the interval left it; null where an earlier version settled it.';
COMMENT ON COLUMN scores.fast_return IS 'As the interval left it; null where an earlier version settled it.';
