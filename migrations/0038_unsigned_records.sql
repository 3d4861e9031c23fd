-- A verifier looks for them every few seconds: they are few, and records are kept forever.
CREATE INDEX records_unsigned ON records (netuid, verifier, n) WHERE signature IS NULL;
