ALTER TABLE prover_routing ADD COLUMN measured_at timestamptz;
ALTER TABLE prover_routing ADD COLUMN refused_until timestamptz;
ALTER TABLE prover_routing ADD COLUMN paused_until timestamptz;
ALTER TABLE prover_routing ADD COLUMN changed xid8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE interval_provers ADD COLUMN changed xid8 NOT NULL DEFAULT pg_current_xact_id();
UPDATE prover_routing SET measured_at = now() WHERE us_per_work IS NOT NULL;
COMMENT ON COLUMN prover_routing.measured_at IS 'When the newest of recent_us_per_work came.';
COMMENT ON COLUMN prover_routing.refused_until IS 'It refused (429), and is sent no user''s request until then.';
COMMENT ON COLUMN prover_routing.paused_until IS 'A request to it ended, and it is sent no user''s request until then: a random time of at most two seconds.';
COMMENT ON COLUMN prover_routing.changed IS 'The transaction that changed the row last: who keeps a copy reads those that are not older than the oldest transaction that ran when it read before.';
COMMENT ON COLUMN interval_provers.changed IS 'As in prover_routing.';

CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed := pg_current_xact_id();
  RETURN NEW;
END
$$;
CREATE TRIGGER prover_routing_changed BEFORE UPDATE ON prover_routing FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE TRIGGER interval_provers_changed BEFORE UPDATE ON interval_provers FOR EACH ROW EXECUTE FUNCTION note_change();
CREATE INDEX prover_routing_by_change ON prover_routing (netuid, verifier, changed);
CREATE INDEX interval_provers_by_change ON interval_provers (netuid, verifier, n, changed);

CREATE INDEX attempts_open_of_prover ON attempts (netuid, verifier, hotkey, registered_block) WHERE outcome IS NULL;
