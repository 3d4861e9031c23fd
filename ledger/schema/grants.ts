/** The kinds of login roles in PostgreSQL; `worker` is for the verifier and the inference worker. */
export const DATABASE_ROLE_KINDS = ['api', 'worker', 'gpu'] as const
export type DatabaseRoleKind = (typeof DATABASE_ROLE_KINDS)[number]

type Grants = Readonly<Partial<Record<DatabaseRoleKind, string>>>

const ALL_READ = { api: 'SELECT', worker: 'SELECT', gpu: 'SELECT' }

/**
 * What each kind of process may do with each table, and no more. A migration that adds a table must add it
 * here: a test checks this. Locking a row (FOR SHARE and the like) requires UPDATE on at least one of its
 * columns.
 *
 * The API is exposed to strangers, so it writes only what users own, and nothing that is judged, paid or
 * published; it can't even read the secrets of running intervals. The GPU workers, often on other machines,
 * write what they computed. Only the owner creates API keys or changes a check.
 */
export const TABLE_GRANTS: Readonly<Record<string, Grants>> = {
  migrations: ALL_READ,
  database_roles: {},
  write_probe: {
    api: 'SELECT, INSERT, DELETE',
    worker: 'SELECT, INSERT, DELETE',
    gpu: 'SELECT, INSERT, DELETE',
  },

  verifiers: { api: 'SELECT', worker: 'SELECT, INSERT, UPDATE' },
  leases: { worker: 'SELECT, INSERT, UPDATE' },
  intervals: { api: 'SELECT, UPDATE (failure)', worker: 'SELECT, INSERT, UPDATE' },
  interval_secrets: {
    api: 'SELECT (netuid, verifier, n, commitment_sha256, commitment_signature)',
    worker: 'SELECT, INSERT',
  },
  provers: { api: 'SELECT', worker: 'SELECT, INSERT, UPDATE' },
  prover_routing: { worker: 'SELECT, INSERT, UPDATE' },
  interval_provers: { api: 'SELECT', worker: 'SELECT, INSERT, UPDATE' },
  certificates: {
    api: 'SELECT',
    worker: 'SELECT, UPDATE (exact, revoked_at, revoked_reason)',
    gpu: 'SELECT, INSERT, UPDATE',
  },

  plan_rounds: { worker: 'SELECT, INSERT, UPDATE' },
  wide_rounds: { worker: 'SELECT, INSERT, UPDATE' },
  gpu_queues: { api: 'SELECT', worker: 'SELECT', gpu: 'SELECT, INSERT, UPDATE' },
  gpu_workers: { worker: 'SELECT', gpu: 'SELECT, INSERT, UPDATE, DELETE' },
  published_classes: { api: 'SELECT', worker: 'SELECT, INSERT, UPDATE' },

  plans: { worker: 'SELECT, INSERT' },
  plan_items: { worker: 'SELECT, INSERT, UPDATE (body, prompt_sha256)', gpu: 'SELECT' },
  revealed_plan_items: { api: 'SELECT' },
  audits: { worker: 'SELECT, INSERT', gpu: 'SELECT' },
  audit_draws: { worker: 'SELECT, INSERT', gpu: 'SELECT' },
  spot_checks: {
    api: 'SELECT (request_id, elapsed_us)',
    worker: 'SELECT, INSERT, UPDATE, DELETE',
    gpu: 'SELECT, UPDATE',
  },
  ground_truths: {
    api: 'SELECT (request_id, elapsed_us)',
    worker: 'SELECT',
    gpu: 'SELECT, INSERT, UPDATE',
  },
  verdicts: { api: 'SELECT', worker: 'SELECT, INSERT' },
  evidence: { api: 'SELECT', worker: 'SELECT, INSERT' },
  scores: { api: 'SELECT', worker: 'SELECT, INSERT' },
  tier_history: { api: 'SELECT', worker: 'SELECT, INSERT' },
  records: { api: 'SELECT', worker: 'SELECT, INSERT, UPDATE (signature, signed_at)' },
  // Not the salt: with it, committed weights can be read before they are revealed.
  weight_sets: {
    api: `SELECT (netuid, verifier, n, kind, uids, values, input, state, reason, included_block, included_hash,
      read_back_ok, changed_uids, decided_at, updated_at)`,
    worker: 'SELECT, INSERT, UPDATE',
  },
  weight_extrinsics: {
    api: 'SELECT (netuid, verifier, n, step, result, included_block, reveal_first, reveal_last)',
    worker: 'SELECT, INSERT, UPDATE',
  },

  jobs: {
    api: `SELECT, INSERT (id, api_key_id, inference_id), UPDATE (status, queue_position, error_code, error_message,
      cancel_requested_at, workflow_started_at, completed_at, deleted_at)`,
    worker: 'SELECT, UPDATE',
  },
  inference_requests: { api: 'SELECT, INSERT', worker: 'SELECT, UPDATE' },
  attempts: { api: 'SELECT', worker: 'SELECT, INSERT, UPDATE', gpu: 'SELECT' },
  frames: { api: 'SELECT, DELETE', worker: 'SELECT, INSERT, UPDATE, DELETE', gpu: 'SELECT' },
  contents: { api: 'SELECT, DELETE', worker: 'SELECT, INSERT, UPDATE (created_at), DELETE' },

  api_keys: {
    api: 'SELECT, UPDATE (last_used_at, bucket_full_at_us, cost_day, cost_used)',
    worker: 'SELECT',
  },
  idempotency_keys: {
    api: 'SELECT, INSERT, UPDATE',
    worker: 'SELECT, UPDATE (created_at), DELETE',
  },
  webhooks: { api: 'SELECT, INSERT, UPDATE, DELETE', worker: 'SELECT, UPDATE' },
  webhook_secrets: {
    api: `SELECT (webhook_id, expires_at), INSERT (webhook_id, secret), UPDATE (expires_at), DELETE`,
    worker: 'SELECT',
  },
  webhook_events: { api: 'SELECT, INSERT', worker: 'SELECT, INSERT, UPDATE (created_at), DELETE' },
  webhook_deliveries: { api: 'SELECT, INSERT', worker: 'SELECT, INSERT, UPDATE, DELETE' },
}

/** The functions that are not public, and who may call them. */
export const FUNCTION_GRANTS: Readonly<Record<string, readonly DatabaseRoleKind[]>> = {
  'forget_interval(integer, text, integer)': ['worker'],
}
