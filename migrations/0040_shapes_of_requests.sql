-- Settling looked up what each of tens of thousands of requests asks for in its body's JSON. Rows of before keep null: their body is still read.
ALTER TABLE attempts ADD COLUMN steps integer, ADD COLUMN frames integer, ADD COLUMN width integer, ADD COLUMN height integer;
COMMENT ON COLUMN attempts.steps IS 'What body asks for, as frames, width and height; all four null where an earlier version stored it.';

-- A record is mostly base64 of hashes and signatures, which PostgreSQL tried in vain to compress.
ALTER TABLE records ALTER COLUMN body SET STORAGE EXTERNAL;
