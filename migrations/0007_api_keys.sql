CREATE TABLE api_keys (
  id text PRIMARY KEY CHECK (id ~ '^key_[0-9a-f]{24}$'),
  secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32),
  name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64 AND name !~ '[[:cntrl:]]'),
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['generate', 'read', 'admin']),
  requests_per_minute integer NOT NULL CHECK (requests_per_minute >= 0),
  concurrent_videos integer NOT NULL CHECK (concurrent_videos >= 0),
  daily_cost bigint NOT NULL CHECK (daily_cost >= 0),
  bucket_full_at_us bigint NOT NULL DEFAULT 0,
  cost_day date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
  cost_used bigint NOT NULL DEFAULT 0 CHECK (cost_used >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  revoked_at timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE api_keys IS 'Who may call the API, as what, and how much. The secret itself is nowhere: secret_sha256 is of all its characters. A limit of 0 is none. jobs.api_key_id names a row here, except for jobs made before there were keys (local).';
COMMENT ON COLUMN api_keys.bucket_full_at_us IS 'When the token bucket of requests_per_minute will be full again, in Unix microseconds: all there is to know of a bucket that refills evenly.';
COMMENT ON COLUMN api_keys.cost_used IS 'Of the UTC day cost_day: steps × frames × width × height of the videos accepted.';

CREATE INDEX jobs_running ON jobs (api_key_id) WHERE status IN ('queued', 'in_progress');

CREATE TABLE idempotency_keys (
  api_key_id text NOT NULL REFERENCES api_keys,
  idempotency_key text NOT NULL CHECK (char_length(idempotency_key) BETWEEN 1 AND 255),
  request_sha256 bytea NOT NULL CHECK (octet_length(request_sha256) = 32),
  job_id text NOT NULL REFERENCES jobs ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (api_key_id, idempotency_key)
);
COMMENT ON TABLE idempotency_keys IS 'Which job an Idempotency-Key of a client made, written in the transaction that made the job: a request that failed leaves nothing here. After 24 hours a row matches no more and is replaced.';
