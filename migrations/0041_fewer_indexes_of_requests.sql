-- Recording an outcome writes every index of attempts. A prover's last requests are found by its intervals
-- (attempts_of_prover_interval), and only attempts at users' requests are numbered.
DROP INDEX attempts_of_prover;
ALTER TABLE attempts DROP CONSTRAINT attempts_numbered;
CREATE UNIQUE INDEX attempts_numbered ON attempts (inference_id, attempt_no, hedge) WHERE inference_id IS NOT NULL;
