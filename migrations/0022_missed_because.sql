ALTER TABLE intervals ADD COLUMN missed_because text
  CHECK (missed_because IN ('verifier_down', 'ledger_down', 'chain_down', 'loop_down'));
ALTER TABLE intervals ADD CONSTRAINT intervals_missed_because CHECK (missed_because IS NULL OR phase = 'missed');
COMMENT ON COLUMN intervals.missed_because IS 'What kept the verifier from beginning a missed interval, as the process that missed it saw it; null of those before this was recorded.';
