CREATE TABLE webhooks (
  id text PRIMARY KEY CHECK (id ~ '^whk_[0-9a-f]{24}$'),
  api_key_id text NOT NULL,
  url text NOT NULL CHECK (length(url) <= 2048),
  events text[] NOT NULL CHECK (cardinality(events) > 0 AND events <@ ARRAY['video.completed', 'video.failed']),
  failures_in_a_row integer NOT NULL DEFAULT 0 CHECK (failures_in_a_row >= 0),
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_reason text CHECK (disabled_reason IN ('gone', 'too_many_failures', 'key_revoked')),
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
  CHECK ((failures_in_a_row = 0) = (failing_since IS NULL))
);
CREATE INDEX webhooks_of_key ON webhooks (api_key_id, created_at);
COMMENT ON TABLE webhooks IS 'Where the owner of a key wants to be told that its videos have ended. url may hold the receiver''s tokens: it goes into no log and into no history of Temporal.';
COMMENT ON COLUMN webhooks.failures_in_a_row IS 'Attempts that failed one after another, the first of them at failing_since; an event that is delivered makes it 0 again.';

CREATE TABLE webhook_secrets (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  webhook_id text NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  secret bytea NOT NULL CHECK (octet_length(secret) BETWEEN 24 AND 64),
  expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX webhook_secrets_current ON webhook_secrets (webhook_id) WHERE expires_at IS NULL;
CREATE INDEX webhook_secrets_of_webhook ON webhook_secrets (webhook_id);
COMMENT ON TABLE webhook_secrets IS 'What deliveries are signed with. Kept as they are, not as hashes: an HMAC needs the secret itself. The current one has no expires_at; one that was rotated out signs beside it until it expires.';

CREATE TABLE webhook_events (
  id text PRIMARY KEY CHECK (id ~ '^evt_[0-9a-f]{32}$'),
  netuid integer NOT NULL,
  verifier text NOT NULL,
  type text NOT NULL CHECK (type IN ('video.completed', 'video.failed', 'webhook.test')),
  job_id text UNIQUE REFERENCES jobs ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((type = 'webhook.test') = (job_id IS NULL))
);
CREATE INDEX webhook_events_by_age ON webhook_events (created_at);
COMMENT ON TABLE webhook_events IS 'What receivers are told: at most one event for the end of a job, written in the transaction that ends it. Its id is the same in every attempt to deliver it.';

CREATE TABLE webhook_deliveries (
  event_id text NOT NULL REFERENCES webhook_events ON DELETE CASCADE,
  webhook_id text NOT NULL REFERENCES webhooks ON DELETE CASCADE,
  state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  last_status integer CHECK (last_status BETWEEN 100 AND 999),
  last_error text,
  next_try_at timestamptz,
  workflow_started_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (event_id, webhook_id),
  CHECK ((state = 'pending') = (ended_at IS NULL)),
  CHECK (state = 'pending' OR next_try_at IS NULL)
);
CREATE INDEX webhook_deliveries_of_webhook ON webhook_deliveries (webhook_id, created_at DESC, event_id DESC);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_unstarted ON webhook_deliveries (created_at) WHERE workflow_started_at IS NULL AND state = 'pending';
COMMENT ON TABLE webhook_deliveries IS 'One event to one webhook, and how far it is: the outbox. A row without workflow_started_at waits for an inference worker to start its workflow. last_error is a class of failure, never what the receiver said.';

-- A trigger, so that no way of ending a job can forget it. A webhook that is being deleted is waited for and left out.
-- Of a job that its owner deleted nobody is told anything.
CREATE FUNCTION announce_job_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ended text := 'video.' || NEW.status;
  event text := 'evt_' || replace(gen_random_uuid()::text, '-', '');
  receivers text[];
BEGIN
  SELECT array_agg(w.id) INTO receivers FROM (
    SELECT id FROM webhooks
    WHERE api_key_id = NEW.api_key_id AND disabled_at IS NULL AND ended = ANY (events)
      -- Made while its key was being revoked.
      AND NOT EXISTS (SELECT FROM api_keys k WHERE k.id = NEW.api_key_id AND k.revoked_at IS NOT NULL)
    ORDER BY id FOR KEY SHARE
  ) w;
  IF receivers IS NULL THEN
    RETURN NULL;
  END IF;
  INSERT INTO webhook_events (id, netuid, verifier, type, job_id, created_at)
    SELECT event, netuid, verifier, ended, NEW.id, NEW.completed_at FROM inference_requests WHERE job_id = NEW.id;
  -- Each pending delivery is a workflow for days: beyond 100 of a webhook an event is given up as it comes.
  INSERT INTO webhook_deliveries (event_id, webhook_id, state, last_error, ended_at)
    SELECT event, receiver, CASE WHEN many THEN 'failed' ELSE 'pending' END, CASE WHEN many THEN 'too_many_pending' END,
      CASE WHEN many THEN now() END
    FROM unnest(receivers) receiver CROSS JOIN LATERAL (
      SELECT count(*) >= 100 AS many FROM webhook_deliveries WHERE webhook_id = receiver AND state = 'pending'
    ) waiting;
  RETURN NULL;
END
$$;
CREATE TRIGGER jobs_ended AFTER UPDATE ON jobs FOR EACH ROW
  WHEN (OLD.status IN ('queued', 'in_progress') AND NEW.status IN ('completed', 'failed') AND NEW.deleted_at IS NULL) EXECUTE FUNCTION announce_job_end();
