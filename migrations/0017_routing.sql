CREATE TABLE prover_routing (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  block_range bigint,
  used integer NOT NULL DEFAULT 0 CHECK (used >= 0),
  outpaced integer NOT NULL DEFAULT 0 CHECK (outpaced >= 0),
  recent_us_per_work bigint[] NOT NULL DEFAULT '{}',
  us_per_work bigint,
  failures_in_a_row integer NOT NULL DEFAULT 0 CHECK (failures_in_a_row >= 0),
  last_failure_at timestamptz,
  passed_since_cheat integer CHECK (passed_since_cheat >= 0),
  PRIMARY KEY (netuid, verifier, hotkey, registered_block)
) WITH (fillfactor = 50);
COMMENT ON TABLE prover_routing IS 'What the router goes by, kept up with each attempt and each check: a pick reads one row of each prover, however many requests there were.';
COMMENT ON COLUMN prover_routing.block_range IS 'The range of blocks that used and outpaced count in: of another range they are 0.';
COMMENT ON COLUMN prover_routing.recent_us_per_work IS 'Of its last answers, the newest first; us_per_work is their lower median.';
COMMENT ON COLUMN prover_routing.passed_since_cheat IS 'Checks passed since its last cheat; null while none was found. Outlives the verdicts, which are removed for their age.';

INSERT INTO prover_routing (netuid, verifier, hotkey, registered_block, recent_us_per_work, us_per_work,
  failures_in_a_row, last_failure_at, passed_since_cheat)
SELECT p.netuid, p.verifier, p.hotkey, p.registered_block, coalesce(latency.recent, '{}'), latency.median,
  failed.in_a_row, failed.last_at, caught.passed
FROM provers p
CROSS JOIN LATERAL (
  SELECT array_agg(us_per_work ORDER BY completed_at DESC) AS recent,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY us_per_work) AS median
  FROM (
    SELECT elapsed_us * 1000000 / work AS us_per_work, completed_at FROM attempts a
    WHERE (a.netuid, a.verifier, a.hotkey, a.registered_block) = (p.netuid, p.verifier, p.hotkey, p.registered_block)
      AND a.outcome = 'success' AND a.elapsed_us IS NOT NULL
    ORDER BY completed_at DESC LIMIT 20
  ) last
) latency
CROSS JOIN LATERAL (
  SELECT count(*)::integer AS in_a_row, max(f.completed_at) AS last_at FROM attempts f
  WHERE (f.netuid, f.verifier, f.hotkey, f.registered_block) = (p.netuid, p.verifier, p.hotkey, p.registered_block)
    AND f.outcome = 'failure' AND f.completed_at > coalesce((SELECT max(s.completed_at) FROM attempts s
      WHERE (s.netuid, s.verifier, s.hotkey, s.registered_block) = (p.netuid, p.verifier, p.hotkey, p.registered_block)
        AND s.outcome = 'success'), '-infinity')
) failed
CROSS JOIN LATERAL (
  SELECT (SELECT count(*)::integer FROM verdicts v
    WHERE (v.netuid, v.verifier, v.hotkey, v.registered_block) = (p.netuid, p.verifier, p.hotkey, p.registered_block)
      AND v.verdict = 'pass' AND v.kind <> 'answer' AND v.decided_at > cheat.at) AS passed
  FROM (SELECT max(c.decided_at) AS at FROM verdicts c
    WHERE (c.netuid, c.verifier, c.hotkey, c.registered_block) = (p.netuid, p.verifier, p.hotkey, p.registered_block)
      AND c.verdict = 'cheat') cheat
  WHERE cheat.at IS NOT NULL
  UNION ALL SELECT NULL
  LIMIT 1
) caught;

CREATE INDEX attempts_open ON attempts (netuid, verifier, asked_at) WHERE outcome IS NULL;
