CREATE TABLE database_roles (
  role name PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('api', 'worker', 'gpu')),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE database_roles IS 'PostgreSQL''s login roles that our processes use in place of the owner, and what each is for: whoever migrates grants them anew what this version needs (ledger/grants.ts).';

CREATE VIEW revealed_plan_items AS
  SELECT p.netuid, p.verifier, p.n, p.request_id, p.round, p.k, p.hotkey, p.registered_block, p.moment_block,
    p.first_retry_block, p.second_retry_block, p.deadline_ms, p.body_sha256
  FROM plan_items p JOIN intervals i USING (netuid, verifier, n)
  WHERE i.phase IN ('settled', 'lapsed', 'missed');
COMMENT ON VIEW revealed_plan_items IS 'Plans of intervals that are final, without the prompts: the API, which answers strangers, can read no others.';
