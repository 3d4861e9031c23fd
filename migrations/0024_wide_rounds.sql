ALTER TABLE attempts DROP CONSTRAINT attempts_kind_check;
ALTER TABLE attempts ADD CONSTRAINT attempts_kind_check CHECK (kind IN ('challenge', 'inference', 'wide'));
ALTER TABLE attempts ADD COLUMN gpus integer CHECK (gpus > 0);
ALTER TABLE attempts ADD COLUMN in_flight integer CHECK (in_flight >= 0);
ALTER TABLE attempts ADD COLUMN taken uuid[];
ALTER TABLE attempts ADD COLUMN wide_n integer CHECK (wide_n > 0);
ALTER TABLE attempts ADD COLUMN wide_round integer CHECK (wide_round >= 0);
ALTER TABLE attempts ADD COLUMN cancel_after_ms integer CHECK (cancel_after_ms >= 0);
ALTER TABLE attempts ADD CONSTRAINT attempts_wide CHECK (
  (kind = 'wide') = (wide_n IS NOT NULL) AND (wide_n IS NULL) = (wide_round IS NULL));
CREATE INDEX attempts_of_wide_round ON attempts (netuid, verifier, wide_n, wide_round) WHERE wide_n IS NOT NULL;
COMMENT ON COLUMN attempts.gpus IS 'GPUs that the prover declared when this was sent; null where it was sent by a version without wide rounds.';
COMMENT ON COLUMN attempts.in_flight IS 'Our other requests, of any kind, that were in flight at the prover when this was sent.';
COMMENT ON COLUMN attempts.taken IS 'Of a refusal: the requests of other verifiers that the prover showed to be in flight, whose signatures hold. Null when it was no refusal.';
COMMENT ON COLUMN attempts.wide_n IS 'The interval whose wide round sent it; n is the one in which its outcome was known.';
COMMENT ON COLUMN attempts.cancel_after_ms IS 'A request of the verifier''s own that is cancelled as users cancel theirs, so long after it was sent; null: it is not.';

CREATE TABLE plan_rounds (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  kind text NOT NULL CHECK (kind IN ('challenge', 'wide')),
  round integer NOT NULL CHECK (round >= 0),
  moment_ms bigint NOT NULL CHECK (moment_ms >= 0),
  asked_at timestamptz,
  busy text[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (netuid, verifier, n, kind, round),
  FOREIGN KEY (netuid, verifier, n) REFERENCES plans
);
COMMENT ON TABLE plan_rounds IS 'When an interval''s rounds begin. Whom one asks is drawn at its moment, of those with room: plan_items and wide_rounds have them.';
COMMENT ON COLUMN plan_rounds.moment_ms IS 'From the interval''s first block.';
COMMENT ON COLUMN plan_rounds.busy IS 'Hotkeys of the provers without room at its moment: they were not among those that the sample was drawn from.';

ALTER TABLE plan_items ADD COLUMN cancel_after_ms integer CHECK (cancel_after_ms >= 0);
ALTER TABLE plan_items ALTER COLUMN first_retry_block DROP NOT NULL;
ALTER TABLE plan_items ALTER COLUMN second_retry_block DROP NOT NULL;
COMMENT ON COLUMN plan_items.first_retry_block IS 'Of an older version, which asked again after a refusal; null since. So is second_retry_block.';

CREATE TABLE wide_rounds (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  round integer NOT NULL CHECK (round >= 0),
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  gpus integer NOT NULL CHECK (gpus > 0),
  in_flight uuid[] NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now(),
  counted_n integer CHECK (counted_n >= n),
  PRIMARY KEY (netuid, verifier, n, round, hotkey, registered_block),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals
);
CREATE INDEX wide_rounds_uncounted ON wide_rounds (netuid, verifier) WHERE counted_n IS NULL;
COMMENT ON TABLE wide_rounds IS 'What a wide round found of a prover at the instant at which it asked every one: the GPUs it declared, and our requests in flight there. With the attempts of the round they fill twice as many slots as it has GPUs.';
COMMENT ON COLUMN wide_rounds.counted_n IS 'The interval in whose settlement it counted: the one in which its last outcome was known, or in which it lapsed.';

-- As before, and with what wide rounds asked.
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
    WHERE (a.netuid, a.verifier, a.n) = (old.netuid, old.verifier, old.n) AND a.kind <> 'inference' AND f.request_id = a.request_id;
  DELETE FROM public.attempts a
    WHERE (a.netuid, a.verifier, a.n) = (old.netuid, old.verifier, old.n) AND a.kind <> 'inference';
  DELETE FROM public.plan_rounds p WHERE (p.netuid, p.verifier, p.n) = (old.netuid, old.verifier, old.n);
  DELETE FROM public.wide_rounds w WHERE (w.netuid, w.verifier, w.n) = (old.netuid, old.verifier, old.n);
  UPDATE public.intervals i SET forgotten_at = now(), frames_gone_at = coalesce(frames_gone_at, now())
    WHERE (i.netuid, i.verifier, i.n) = (old.netuid, old.verifier, old.n);
  RETURN old.n;
END
$$;
