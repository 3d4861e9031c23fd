CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE audits (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  request_id uuid NOT NULL,
  PRIMARY KEY (netuid, verifier, n, request_id),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals
);
COMMENT ON TABLE audits IS 'The answers of interval n drawn for full recomputation.';

CREATE TABLE audit_draws (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  inputs jsonb NOT NULL DEFAULT '{}',
  drawn_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, n),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals
);
COMMENT ON TABLE audit_draws IS 'That interval n''s audits were drawn, also when there was nothing to draw: a second draw would see other answers.';

CREATE TABLE verdicts (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  request_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('answer', 'challenge', 'audit', 'spotcheck')),
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('pass', 'cheat', 'fail', 'unproven', 'abstained')),
  reason text NOT NULL,
  reward_ppm integer CHECK (reward_ppm BETWEEN -1000000 AND 1000000),
  detail jsonb,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, n, request_id, kind)
);
CREATE INDEX verdicts_of_request ON verdicts (request_id);
CREATE INDEX verdicts_of_prover ON verdicts (netuid, verifier, hotkey, decided_at DESC);
COMMENT ON TABLE verdicts IS 'Checks, inserted once and never changed. n is the interval they count in: for a cheat found after settlement, the one being settled then.';
CREATE TRIGGER verdicts_append_only BEFORE UPDATE OR DELETE ON verdicts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER verdicts_no_truncate BEFORE TRUNCATE ON verdicts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE scores (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  uid integer NOT NULL,
  tier_before text NOT NULL,
  tier_after text NOT NULL,
  move_reason text,
  request_attempts integer NOT NULL,
  request_successes integer NOT NULL,
  checks_judged integer NOT NULL,
  checks_passed integer NOT NULL,
  cheats integer NOT NULL,
  total_before bigint NOT NULL,
  total_after bigint NOT NULL,
  observation_ppm integer,
  speed_ppm integer NOT NULL,
  score_before integer NOT NULL,
  score_after integer NOT NULL,
  PRIMARY KEY (netuid, verifier, n, hotkey, registered_block),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals
);
COMMENT ON TABLE scores IS 'What the settling of interval n found of each prover. Counters are of that interval alone (rollover); totals carry over.';

CREATE TABLE tier_history (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  uid integer NOT NULL,
  from_tier text NOT NULL,
  to_tier text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (netuid, verifier, n, hotkey, registered_block),
  CHECK (from_tier <> to_tier)
);
COMMENT ON TABLE tier_history IS 'Promotions and relegations, one at most per prover and interval. Append-only.';
CREATE TRIGGER tier_history_append_only BEFORE UPDATE OR DELETE ON tier_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tier_history_no_truncate BEFORE TRUNCATE ON tier_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE records (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  body text NOT NULL,
  hash text NOT NULL,
  previous_hash text,
  signature text,
  created_at timestamptz NOT NULL DEFAULT now(),
  signed_at timestamptz,
  PRIMARY KEY (netuid, verifier, n),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals
);
COMMENT ON TABLE records IS 'The public record of an interval as canonical JSON, stored by settling; signing adds the verifier''s signature over its hash.';

CREATE TABLE weight_sets (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('weights', 'none', 'infeasible', 'disabled', 'superseded', 'lapsed')),
  uids integer[] NOT NULL DEFAULT '{}',
  values integer[] NOT NULL DEFAULT '{}',
  input jsonb,
  state text NOT NULL CHECK (state IN ('decided', 'sent', 'included', 'confirmed', 'done')),
  reason text,
  included_block bigint,
  included_hash text,
  read_back_ok boolean,
  decided_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, n),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals,
  CHECK (cardinality(uids) = cardinality(values)),
  CHECK (kind = 'weights' OR state = 'done')
);
COMMENT ON TABLE weight_sets IS 'The weights decided for an interval and what became of them: sent at most once. Kinds other than weights send nothing and are done at once.';

CREATE TABLE weight_extrinsics (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  hash text NOT NULL,
  nonce bigint NOT NULL,
  era_first bigint NOT NULL,
  era_last bigint NOT NULL,
  bytes text NOT NULL,
  prepared_at timestamptz NOT NULL DEFAULT now(),
  submitted_at timestamptz,
  included_block bigint,
  result text,
  PRIMARY KEY (netuid, verifier, n, hash),
  FOREIGN KEY (netuid, verifier, n) REFERENCES weight_sets
);
COMMENT ON TABLE weight_extrinsics IS 'Signed extrinsics, stored before they are sent: after a crash the same bytes are sent again. A second one is made only when the era of the first has passed without its inclusion.';
