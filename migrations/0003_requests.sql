CREATE TABLE plans (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  rounds integer NOT NULL CHECK (rounds >= 0),
  gpu_us_per_work bigint,
  inputs jsonb NOT NULL DEFAULT '{}',
  drawn_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier, n),
  FOREIGN KEY (netuid, verifier, n) REFERENCES intervals
);
COMMENT ON TABLE plans IS 'What interval n will ask, drawn once when it opens. Secret until it settled. inputs: all that the draw was made from besides the secret and the block, so that the record can be checked by drawing again.';

CREATE TABLE plan_items (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer NOT NULL,
  request_id uuid NOT NULL UNIQUE,
  round integer NOT NULL CHECK (round >= 0),
  k integer NOT NULL CHECK (k >= 0),
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  moment_block bigint NOT NULL,
  first_retry_block bigint NOT NULL,
  second_retry_block bigint NOT NULL,
  deadline_ms integer NOT NULL CHECK (deadline_ms > 0),
  body bytea NOT NULL,
  body_sha256 text NOT NULL,
  PRIMARY KEY (netuid, verifier, n, round, k),
  FOREIGN KEY (netuid, verifier, n) REFERENCES plans
);
COMMENT ON TABLE plan_items IS 'The challenges of a plan: whom, when, and the exact bytes of the request body. deadline_ms is the verifier''s own, which in a group round is shorter than the one the body names.';

CREATE TABLE jobs (
  id text PRIMARY KEY CHECK (id ~ '^video_[0-9a-f]{24}$'),
  api_key_id text NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'in_progress', 'completed', 'failed')),
  progress integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
  inference_id uuid NOT NULL UNIQUE,
  winning_request_id uuid,
  warnings jsonb NOT NULL DEFAULT '[]',
  error_code text,
  error_message text,
  cancel_requested_at timestamptz,
  workflow_started_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  completed_at timestamptz,
  expires_at timestamptz,
  CHECK ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL)),
  CHECK (status <> 'completed' OR winning_request_id IS NOT NULL),
  CHECK (status <> 'failed' OR error_code IS NOT NULL)
);
CREATE INDEX jobs_unstarted ON jobs (created_at) WHERE workflow_started_at IS NULL;
COMMENT ON TABLE jobs IS 'What a user asked the API for, and how far it is. A cancelled job is one that failed with the code cancelled.';

CREATE TABLE inference_requests (
  id uuid PRIMARY KEY,
  job_id text NOT NULL UNIQUE REFERENCES jobs DEFERRABLE INITIALLY DEFERRED,
  netuid integer NOT NULL,
  verifier text NOT NULL,
  api_key_id text NOT NULL,
  seed bigint NOT NULL CHECK (seed BETWEEN 0 AND 4294967295),
  prompt text NOT NULL,
  negative_prompt text NOT NULL,
  steps integer NOT NULL CHECK (steps > 0),
  guidance_milli integer NOT NULL CHECK (guidance_milli >= 0),
  width integer NOT NULL CHECK (width > 0),
  height integer NOT NULL CHECK (height > 0),
  frames integer NOT NULL CHECK (frames > 0),
  fps integer NOT NULL CHECK (fps > 0),
  model text NOT NULL,
  counted boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX inference_requests_recent ON inference_requests (netuid, verifier, created_at DESC);
CREATE INDEX inference_requests_repeated ON inference_requests (api_key_id, seed);
COMMENT ON TABLE inference_requests IS 'A generation a user asked for. counted: it may count in successes, totals, latency and reward (the gateway drew its seed, and it has the standard steps, frames and size).';

CREATE TABLE attempts (
  request_id uuid PRIMARY KEY,
  netuid integer NOT NULL,
  verifier text NOT NULL,
  n integer CHECK (n > 0),
  kind text NOT NULL CHECK (kind IN ('challenge', 'inference')),
  inference_id uuid REFERENCES inference_requests,
  attempt_no integer NOT NULL CHECK (attempt_no > 0),
  hotkey text NOT NULL,
  registered_block bigint NOT NULL,
  body bytea NOT NULL,
  body_sha256 text NOT NULL,
  work bigint NOT NULL CHECK (work > 0),
  counted boolean NOT NULL,
  api_key_id text,
  deadline_ms integer NOT NULL CHECK (deadline_ms > 0),
  refusals integer NOT NULL DEFAULT 0,
  outcome text CHECK (outcome IN ('success', 'failure', 'neutral', 'refused')),
  reason text,
  message text,
  frames_sha256 text,
  trace_root text,
  determinism_class text,
  model_root text,
  signature text,
  request_nonce text,
  request_signature text,
  timings jsonb,
  warnings jsonb,
  elapsed_us bigint CHECK (elapsed_us >= 0),
  first_record_us bigint CHECK (first_record_us >= 0),
  asked_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz,
  UNIQUE (inference_id, attempt_no),
  CHECK ((kind = 'inference') = (inference_id IS NOT NULL)),
  CHECK (outcome IS NULL OR (n IS NOT NULL AND completed_at IS NOT NULL)),
  CHECK (outcome IS DISTINCT FROM 'success' OR (frames_sha256 IS NOT NULL AND trace_root IS NOT NULL AND determinism_class IS NOT NULL AND signature IS NOT NULL))
);
CREATE INDEX attempts_of_interval ON attempts (netuid, verifier, n);
CREATE INDEX attempts_of_prover ON attempts (netuid, verifier, hotkey, completed_at DESC) WHERE outcome IS NOT NULL;
COMMENT ON TABLE attempts IS 'One request to one prover, and how it ended: recorded once, and assigned to exactly one interval then (a challenge''s is known from the start). body is what was sent, byte for byte: a resend sends the same.';

CREATE TABLE frames (
  request_id uuid NOT NULL REFERENCES attempts,
  index integer NOT NULL CHECK (index > 0),
  zlib bytea NOT NULL,
  PRIMARY KEY (request_id, index)
);
COMMENT ON TABLE frames IS 'The frames a prover delivered, index from 1, as RFC 1950 bodies.';
ALTER TABLE frames ALTER COLUMN zlib SET STORAGE EXTERNAL;

CREATE TABLE ground_truths (
  request_id uuid PRIMARY KEY,
  frames_sha256 text NOT NULL,
  trace_root text NOT NULL,
  determinism_class text NOT NULL,
  elapsed_us bigint NOT NULL CHECK (elapsed_us >= 0),
  work bigint NOT NULL CHECK (work > 0),
  cosine_ppm integer CHECK (cosine_ppm BETWEEN 0 AND 1000000),
  confirm_frames_sha256 text,
  known_answer_ok boolean,
  computed_at timestamptz NOT NULL DEFAULT now(),
  confirmed_at timestamptz,
  CHECK ((confirm_frames_sha256 IS NULL) = (confirmed_at IS NULL)),
  CHECK ((known_answer_ok IS NULL) = (confirmed_at IS NULL))
);
COMMENT ON TABLE ground_truths IS 'The verifier''s own output for a request, computed once. Before a cheat is written it is computed again in a fresh session (confirm_frames_sha256) beside a run whose answer is known.';
