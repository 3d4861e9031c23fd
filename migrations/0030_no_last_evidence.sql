-- The audits that it went by ask nobody's history any more.
ALTER TABLE provers DROP COLUMN last_evidence_n;
