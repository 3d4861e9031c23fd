ALTER TABLE jobs ADD COLUMN frames_gone_at timestamptz;
ALTER TABLE jobs ADD COLUMN forgotten_at timestamptz;
COMMENT ON COLUMN jobs.frames_gone_at IS 'When the frames of a deleted video were removed: once no judging needed them any more.';
COMMENT ON COLUMN jobs.forgotten_at IS 'When the video''s files, frames and prompts were removed for their age. The row stays: its prover''s outcome counts.';
CREATE INDEX jobs_to_forget ON jobs (completed_at) WHERE forgotten_at IS NULL AND completed_at IS NOT NULL;
CREATE INDEX jobs_deleted_with_frames ON jobs (deleted_at) WHERE deleted_at IS NOT NULL AND frames_gone_at IS NULL;
CREATE INDEX contents_by_age ON contents (created_at);

ALTER TABLE intervals ADD COLUMN frames_gone_at timestamptz;
ALTER TABLE intervals ADD COLUMN forgotten_at timestamptz;
COMMENT ON COLUMN intervals.frames_gone_at IS 'When the frames of its challenges were removed for their age, but for those of cheats.';
COMMENT ON COLUMN intervals.forgotten_at IS 'When its record, verdicts, plan and challenges were removed for their age. Scores, moves and weights stay.';
CREATE INDEX intervals_with_frames ON intervals (closed_at)
  WHERE frames_gone_at IS NULL AND phase IN ('settled', 'lapsed', 'missed');
CREATE INDEX intervals_to_forget ON intervals (closed_at)
  WHERE forgotten_at IS NULL AND phase IN ('settled', 'lapsed', 'missed');

-- The one way in which checks go: with their interval's record, by the function below.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'verdicts' AND current_setting('fractal.forgetting', true) = 'yes' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

-- Runs as the owner, so that who calls it needs no right to delete a check. It holds to its own rules, whoever
-- calls: never an interval that may still change, never a record that was not public, never before 30 days.
CREATE FUNCTION forget_interval(of_netuid integer, of_verifier text, days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  old public.intervals%ROWTYPE;
BEGIN
  IF days < 30 THEN
    RAISE EXCEPTION 'records are kept for 30 days at least' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT i.* INTO old FROM public.intervals i
  WHERE i.netuid = of_netuid AND i.verifier = of_verifier AND i.forgotten_at IS NULL
    AND i.phase IN ('settled', 'lapsed', 'missed') AND i.closed_at < now() - make_interval(days => days)
    AND EXISTS (SELECT FROM public.intervals later
      WHERE (later.netuid, later.verifier) = (i.netuid, i.verifier) AND later.n > i.n AND later.phase = 'settled')
    AND NOT EXISTS (SELECT FROM public.records r WHERE (r.netuid, r.verifier, r.n) = (i.netuid, i.verifier, i.n)
      AND (r.signature IS NULL OR NOT EXISTS (SELECT FROM public.weight_sets w
        WHERE (w.netuid, w.verifier, w.n) = (i.netuid, i.verifier, i.n) AND w.state IN ('included', 'confirmed', 'done'))))
  ORDER BY i.closed_at, i.n LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  PERFORM set_config('fractal.forgetting', 'yes', true);
  DELETE FROM public.verdicts v WHERE (v.netuid, v.verifier, v.n) = (old.netuid, old.verifier, old.n);
  PERFORM set_config('fractal.forgetting', '', true);
  DELETE FROM public.records r WHERE (r.netuid, r.verifier, r.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.plan_items p WHERE (p.netuid, p.verifier, p.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.audits u WHERE (u.netuid, u.verifier, u.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.ground_truths g USING public.attempts a
    WHERE (a.netuid, a.verifier, a.n) = (old.netuid, old.verifier, old.n) AND g.request_id = a.request_id;
  DELETE FROM public.frames f USING public.attempts a
    WHERE (a.netuid, a.verifier, a.n) = (old.netuid, old.verifier, old.n) AND a.kind = 'challenge' AND f.request_id = a.request_id;
  DELETE FROM public.attempts a
    WHERE (a.netuid, a.verifier, a.n) = (old.netuid, old.verifier, old.n) AND a.kind = 'challenge';
  UPDATE public.intervals i SET forgotten_at = now(), frames_gone_at = coalesce(frames_gone_at, now())
    WHERE (i.netuid, i.verifier, i.n) = (old.netuid, old.verifier, old.n);
  RETURN old.n;
END
$$;
REVOKE ALL ON FUNCTION forget_interval(integer, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION forget_interval IS 'Removes what is kept of one interval that is final, public and older than so many days. Returns its number, null when there is none.';
