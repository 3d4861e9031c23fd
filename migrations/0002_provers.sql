CREATE TABLE provers (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  uid integer NOT NULL CHECK (uid BETWEEN 0 AND 65535),
  coldkey text NOT NULL,
  axon_ip text,
  axon_port integer CHECK (axon_port BETWEEN 0 AND 65535),
  tier text NOT NULL DEFAULT 'bronze' CHECK (tier IN ('challenger', 'grandmaster', 'gold', 'silver', 'bronze')),
  total_successes bigint NOT NULL DEFAULT 0 CHECK (total_successes >= 0),
  score_ppm integer NOT NULL DEFAULT 0 CHECK (score_ppm >= 0),
  validations_since_move integer NOT NULL DEFAULT 0 CHECK (validations_since_move >= 0),
  fast_return boolean NOT NULL DEFAULT false,
  refused_streak integer NOT NULL DEFAULT 0 CHECK (refused_streak >= 0),
  last_evidence_n integer,
  settled_n integer,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, hotkey, registered_block)
);
COMMENT ON TABLE provers IS 'Each prover''s standing as the last settled interval left it. A hotkey that registers again is a new row: it starts from nothing.';

CREATE TABLE interval_provers (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  uid integer NOT NULL,
  coldkey text NOT NULL,
  axon_ip text,
  axon_port integer,
  stake_rao numeric(39, 0) NOT NULL DEFAULT 0,
  validator_permit boolean NOT NULL,
  tier text NOT NULL CHECK (tier IN ('challenger', 'grandmaster', 'gold', 'silver', 'bronze')),
  total_successes bigint NOT NULL,
  score_ppm integer NOT NULL,
  determinism_class text,
  model_root text,
  capacity integer CHECK (capacity > 0),
  reachable boolean NOT NULL,
  unreachable_reason text,
  PRIMARY KEY (netuid, verifier, n, hotkey, registered_block),
  UNIQUE (netuid, verifier, n, uid),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals,
  FOREIGN KEY (netuid, verifier, hotkey, registered_block) REFERENCES provers,
  CHECK (reachable OR unreachable_reason IS NOT NULL)
);
COMMENT ON TABLE interval_provers IS 'The provers of an interval as they stood when it opened: what the metagraph, their standing and their own /v1/info said. The determinism class and the capacity recorded here hold for the interval.';

CREATE TABLE certificates (
  determinism_class text PRIMARY KEY,
  model_root text NOT NULL,
  exact boolean NOT NULL,
  runs integer NOT NULL CHECK (runs > 0),
  processes integer NOT NULL CHECK (processes > 0),
  us_per_work bigint NOT NULL CHECK (us_per_work > 0),
  profile text NOT NULL,
  frames_sha256 text NOT NULL,
  certified_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  revoked_reason text
);
COMMENT ON TABLE certificates IS 'Determinism classes that were certified here: equal bytes over so many runs, and the time per unit of work (microseconds, times 10^6). frames_sha256 is the known answer that control runs are compared with. A class that lost its exactness keeps its row, with the reason.';
