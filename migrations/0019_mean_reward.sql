ALTER TABLE scores ADD COLUMN mean_reward_ppm integer;
COMMENT ON COLUMN scores.mean_reward_ppm IS 'The mean over all that the interval paid or cost this prover, before speed and tier; null without any, and of intervals that an older version settled.';
