-- A job that was run directly never has a workflow: without the second condition every one that ended
-- would stay in the index that is looked through for jobs that nobody runs.
DROP INDEX jobs_unstarted;
CREATE INDEX jobs_unstarted ON jobs (created_at) WHERE workflow_started_at IS NULL AND completed_at IS NULL;
