ALTER TABLE certificates ADD COLUMN cold_us bigint CHECK (cold_us >= 0);
COMMENT ON COLUMN certificates.cold_us IS 'Microseconds that the first video of a size takes longer than the others (kernel search on a GPU); 0 on a CPU. Null where it was certified by a version that did not measure it: certify again.';
ALTER TABLE plans ADD COLUMN gpu_cold_us bigint NOT NULL DEFAULT 0 CHECK (gpu_cold_us >= 0);
COMMENT ON COLUMN plans.gpu_cold_us IS 'The cold price that the interval''s deadlines are made from, as gpu_us_per_work is; 0 for plans of versions without one.';
