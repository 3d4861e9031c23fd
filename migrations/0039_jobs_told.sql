-- Who watches a job is not told that a worker claims it, renews its claim or has started its workflow: nothing that is
-- shown changes. Each of them woke every process that listens, and transactions that notify commit one after another.
DROP TRIGGER jobs_changed ON jobs;
CREATE TRIGGER jobs_changed AFTER UPDATE ON jobs FOR EACH ROW WHEN (
  (OLD.status, OLD.progress, OLD.queue_position, OLD.winning_request_id, OLD.warnings, OLD.error_code, OLD.error_message,
   OLD.cancel_requested_at, OLD.started_at, OLD.completed_at, OLD.expires_at, OLD.deleted_at, OLD.forgotten_at)
  IS DISTINCT FROM
  (NEW.status, NEW.progress, NEW.queue_position, NEW.winning_request_id, NEW.warnings, NEW.error_code, NEW.error_message,
   NEW.cancel_requested_at, NEW.started_at, NEW.completed_at, NEW.expires_at, NEW.deleted_at, NEW.forgotten_at)
) EXECUTE FUNCTION notify_job();
