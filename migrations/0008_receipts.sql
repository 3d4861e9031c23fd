ALTER TABLE verifiers ADD COLUMN genesis_hash text CHECK (genesis_hash ~ '^[0-9a-f]{64}$');
COMMENT ON COLUMN verifiers.genesis_hash IS 'Of the chain that this verifier judges on, as its processes found it when they started: answers'' signatures are over it, so a receipt names it.';
