-- Nobody was told of it before: requests from then are not used.
ALTER TABLE inference_requests ADD COLUMN reuse_prompt boolean NOT NULL DEFAULT false;
ALTER TABLE inference_requests ALTER COLUMN reuse_prompt SET DEFAULT true;
ALTER TABLE inference_requests ADD COLUMN prompt_sha256 text;
ALTER TABLE attempts ADD COLUMN prompt_sha256 text;
ALTER TABLE plan_items ADD COLUMN prompt_sha256 text;
ALTER TABLE api_keys ADD COLUMN reuse_prompts boolean NOT NULL DEFAULT true;
CREATE INDEX inference_requests_of_prompt ON inference_requests (netuid, verifier, prompt_sha256) WHERE prompt_sha256 IS NOT NULL;
CREATE INDEX plan_items_of_prompt ON plan_items (netuid, verifier, prompt_sha256) WHERE prompt_sha256 IS NOT NULL;
CREATE INDEX attempts_of_prompt ON attempts (netuid, verifier, prompt_sha256) WHERE prompt_sha256 IS NOT NULL;
COMMENT ON COLUMN inference_requests.reuse_prompt IS 'Whether a check may ask with the texts of this request: its user, or the operator for the key, may say no.';
COMMENT ON COLUMN inference_requests.prompt_sha256 IS 'sha256 of the prompt, as long as there is one.';
COMMENT ON COLUMN attempts.prompt_sha256 IS 'Of a check that asked with a user''s prompt: sha256 of it, which stands in the record in place of the text.';
COMMENT ON COLUMN plan_items.prompt_sha256 IS 'As in attempts.';
COMMENT ON COLUMN api_keys.reuse_prompts IS 'Whether checks may ask with the prompts of this key''s requests.';
