ALTER TABLE plans ADD COLUMN spot_check_budget_us bigint CHECK (spot_check_budget_us >= 0);
ALTER TABLE plans ADD COLUMN spot_check_cost_us bigint CHECK (spot_check_cost_us > 0);
COMMENT ON COLUMN plans.spot_check_budget_us IS 'Microseconds of GPU time for spot checks in this interval; null where it was opened by a version without them.';
COMMENT ON COLUMN plans.spot_check_cost_us IS 'What checking every answer of the interval before would have cost. Each answer is checked with the chance budget / cost.';

ALTER TABLE certificates ADD COLUMN spot_check_us_per_pixel bigint CHECK (spot_check_us_per_pixel > 0);
COMMENT ON COLUMN certificates.spot_check_us_per_pixel IS 'Of one step and one frame computed again: floor(microseconds times 10^6 / (frames, width, height)). Null where it was certified by a version without spot checks: certify again.';

CREATE TABLE spot_checks (
  request_id uuid PRIMARY KEY REFERENCES attempts,
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  step integer NOT NULL CHECK (step > 0),
  frame integer NOT NULL CHECK (frame > 0),
  cost_us bigint NOT NULL CHECK (cost_us >= 0),
  drawn_at timestamptz NOT NULL DEFAULT now(),
  tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
  opening text CHECK (opening IN ('opened', 'refused', 'own_fault')),
  message text,
  opened_at timestamptz,
  digests bytea,
  state_before bytea,
  state_after bytea,
  final_latents bytea,
  determinism_class text,
  facts jsonb,
  elapsed_us bigint CHECK (elapsed_us >= 0),
  computed_at timestamptz,
  confirmation jsonb,
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals,
  CHECK ((opening IS NULL) = (opened_at IS NULL)),
  CHECK (opening IS DISTINCT FROM 'opened' OR digests IS NOT NULL),
  CHECK ((facts IS NULL) = (computed_at IS NULL)),
  CHECK (facts IS NULL OR opening = 'opened')
);
CREATE INDEX spot_checks_of_interval ON spot_checks (netuid, verifier, n);
ALTER TABLE spot_checks ALTER COLUMN state_before SET STORAGE EXTERNAL;
ALTER TABLE spot_checks ALTER COLUMN state_after SET STORAGE EXTERNAL;
ALTER TABLE spot_checks ALTER COLUMN final_latents SET STORAGE EXTERNAL;
COMMENT ON TABLE spot_checks IS 'Answers drawn for a spot check: the step and frame to open, how asking for the opening ended, and what the GPU worker made of it. The states are dropped once the verdict stands, unless it is a cheat: then they are evidence.';
COMMENT ON COLUMN spot_checks.tries IS 'How often the opening was asked for without an answer.';
COMMENT ON COLUMN spot_checks.digests IS 'd_0 … d_steps, then f_1 … f_frames, 32 bytes each, as the prover lists them.';

ALTER TABLE ground_truths ADD COLUMN confirm_trace_root text;
COMMENT ON COLUMN ground_truths.confirm_trace_root IS 'Of the second computation: the trace is compared as well as the frames.';
