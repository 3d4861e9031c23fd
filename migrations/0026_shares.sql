ALTER TABLE scores ADD COLUMN wide_rounds integer NOT NULL DEFAULT 0 CHECK (wide_rounds >= 0);
ALTER TABLE scores ADD COLUMN wide_gpus integer NOT NULL DEFAULT 0 CHECK (wide_gpus >= wide_rounds);
ALTER TABLE scores ADD COLUMN newest_wide_gpus integer CHECK (newest_wide_gpus > 0);
ALTER TABLE scores ADD COLUMN wide_slots integer NOT NULL DEFAULT 0 CHECK (wide_slots >= 0);
ALTER TABLE scores ADD COLUMN wide_kept integer NOT NULL DEFAULT 0 CHECK (wide_kept BETWEEN 0 AND wide_slots);
ALTER TABLE scores ADD COLUMN offered integer NOT NULL DEFAULT 0 CHECK (offered >= 0);
ALTER TABLE scores ADD COLUMN accepted integer NOT NULL DEFAULT 0 CHECK (accepted BETWEEN 0 AND offered);
ALTER TABLE scores ADD COLUMN wide_share_ppm integer CHECK (wide_share_ppm BETWEEN 0 AND 1000000);
ALTER TABLE scores ADD COLUMN offer_share_ppm integer CHECK (offer_share_ppm BETWEEN 0 AND 1000000);
ALTER TABLE scores ADD COLUMN capacity_ppm integer CHECK (capacity_ppm >= 0);
ALTER TABLE scores ADD COLUMN paid_capacity_ppm integer CHECK (paid_capacity_ppm BETWEEN 0 AND capacity_ppm);
ALTER TABLE scores ADD CONSTRAINT scores_newest_wide CHECK ((wide_rounds > 0) = (newest_wide_gpus IS NOT NULL));
COMMENT ON COLUMN scores.wide_rounds IS 'Wide rounds that counted in this interval; wide_gpus is the sum of the GPUs that were declared in them, newest_wide_gpus what was declared in the newest.';
COMMENT ON COLUMN scores.wide_slots IS 'Slots of those rounds, of which wide_kept were kept. Of this interval alone, as offered and accepted; later intervals read them.';
COMMENT ON COLUMN scores.offered IS 'Other requests that were sent while the prover had room, of which it accepted so many.';
COMMENT ON COLUMN scores.wide_share_ppm IS 'Over the last 20 settled intervals, as offer_share_ppm and capacity_ppm; null where a version without wide rounds settled.';
COMMENT ON COLUMN scores.paid_capacity_ppm IS 'What the mean reward was multiplied with: proven capacity times the smaller share, capped by the tier''s limit of requests.';

-- Speed pays nothing any more, and a row of refusals costs no tier. Records of settled intervals keep what they were.
ALTER TABLE scores DROP COLUMN speed_ppm;
ALTER TABLE provers DROP COLUMN refused_streak;
