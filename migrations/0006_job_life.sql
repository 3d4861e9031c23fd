ALTER TABLE jobs ADD COLUMN queue_position integer CHECK (queue_position >= 0);
ALTER TABLE jobs ADD COLUMN deleted_at timestamptz;
ALTER TABLE jobs ADD COLUMN direct_until timestamptz;
CREATE INDEX jobs_of_key ON jobs (api_key_id, created_at DESC, id DESC);
COMMENT ON COLUMN jobs.queue_position IS 'Requests before this one at the prover that took it, as the prover says; null until one did.';
COMMENT ON COLUMN jobs.deleted_at IS 'Its owner deleted it: it is answered as unknown, its files are gone. The row stays: its prover''s outcome counts.';
COMMENT ON COLUMN jobs.direct_until IS 'An inference worker runs it on an open connection and renews this while it does; once passed, the job''s workflow is started instead.';

ALTER TABLE contents DROP CONSTRAINT contents_variant_check;
ALTER TABLE contents ADD CONSTRAINT contents_variant_check CHECK (variant IN ('video', 'thumbnail'));

CREATE FUNCTION notify_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('fractal_jobs', NEW.id);
  RETURN NULL;
END
$$;
CREATE TRIGGER jobs_changed AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION notify_job();
