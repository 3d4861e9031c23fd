-- A record's text goes for its age; its hash, its link and its signature are a hundred bytes, and stay for ever.
ALTER TABLE records ALTER COLUMN body DROP NOT NULL;
COMMENT ON COLUMN records.body IS 'Canonical JSON; null once it was removed for its age. hash, previous_hash and signature stay.';

-- As before, but for the records, and with the evidence of spot checks.
CREATE OR REPLACE FUNCTION forget_interval(of_netuid integer, of_verifier text, days integer) RETURNS integer
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
  UPDATE public.records r SET body = NULL WHERE (r.netuid, r.verifier, r.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.plan_items p WHERE (p.netuid, p.verifier, p.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.audits u WHERE (u.netuid, u.verifier, u.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.spot_checks s WHERE (s.netuid, s.verifier, s.n) = (old.netuid, old.verifier, old.n);
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
COMMENT ON FUNCTION forget_interval IS 'Removes what is kept of one interval that is final, public and older than so many days, but for hash and signature of its record. Returns its number, null when there is none.';
