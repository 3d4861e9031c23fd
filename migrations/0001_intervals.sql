CREATE TABLE verifiers (
  netuid integer NOT NULL CHECK (netuid >= 0),
  verifier text NOT NULL,
  baseline_last_update bigint,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier)
);
COMMENT ON TABLE verifiers IS 'The (netuid, hotkey) pairs that judge into this database. baseline_last_update: the hotkey''s lastUpdate on the chain when the present deployment took its lease; another value that is not ours means that another process sets weights.';

CREATE TABLE leases (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  holder text,
  fence bigint NOT NULL CHECK (fence > 0),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (netuid, verifier)
);
COMMENT ON TABLE leases IS 'Who may judge with a hotkey. The fence grows with each new holder; writes of settling and weights compare it. holder is null once released. expires_at is Postgres'' time.';

CREATE TABLE intervals (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  first_block bigint NOT NULL CHECK (first_block >= 0),
  length integer NOT NULL CHECK (length > 0),
  first_block_hash text,
  phase text NOT NULL CHECK (phase IN ('announced', 'open', 'rounds', 'audit', 'settling', 'settled', 'lapsed', 'missed')),
  opened_after integer CHECK (opened_after < n),
  profile jsonb,
  failure text,
  announced_at timestamptz NOT NULL DEFAULT now(),
  opened_at timestamptz,
  closed_at timestamptz,
  settled_at timestamptz,
  PRIMARY KEY (netuid, verifier, n),
  UNIQUE (netuid, verifier, first_block),
  CHECK (phase NOT IN ('settling', 'settled', 'lapsed', 'missed') OR closed_at IS NOT NULL),
  CHECK (phase <> 'settled' OR settled_at IS NOT NULL)
);
COMMENT ON TABLE intervals IS 'One row per interval, contiguous from 1, missed ones included. From closed_at on no more outcomes of users'' requests are assigned to it. settled, lapsed and missed are final.';

CREATE TABLE interval_secrets (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL CHECK (n > 0),
  secret bytea NOT NULL CHECK (octet_length(secret) = 32),
  commitment_sha256 text NOT NULL,
  commitment_signature text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, n)
);
COMMENT ON TABLE interval_secrets IS 'The secret that interval n draws from, made and committed to while the interval before opens; revealed in the record of n.';
