import { FractalError, type FractalErrorOptions } from '../../base/errors.js'

type OpenAiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'not_found_error'
  | 'conflict_error'
  | 'server_error'
  | 'service_unavailable_error'

interface ErrorKind {
  readonly status: number
  readonly title: string
  /** The member `type` of OpenAI's error object. */
  readonly openAiType: OpenAiErrorType
  /** Seconds for the header Retry-After. */
  readonly retryAfterSeconds?: number
}

function kind(
  status: number,
  openAiType: OpenAiErrorType,
  title: string,
  retryAfterSeconds?: number,
): ErrorKind {
  return {
    status,
    openAiType,
    title,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
}

/** Every error this API answers with: its code, its status, its title. There is no other list. */
export const API_ERRORS = {
  invalid_json: kind(400, 'invalid_request_error', 'The body is not valid JSON'),
  invalid_multipart: kind(
    400,
    'invalid_request_error',
    'The body is not valid multipart/form-data',
  ),
  invalid_request: kind(400, 'invalid_request_error', 'The request is not valid'),
  unknown_field: kind(400, 'invalid_request_error', 'The request has an unknown field'),
  unsupported_field: kind(400, 'invalid_request_error', 'The model does not support this field'),
  limit_exceeded: kind(400, 'invalid_request_error', 'The request exceeds a limit'),
  invalid_api_key: kind(401, 'authentication_error', 'The API key is missing or invalid'),
  invalid_signature: kind(401, 'authentication_error', 'The request is not signed'),
  not_the_accused: kind(403, 'permission_error', 'The evidence is for another prover'),
  insufficient_scope: kind(403, 'permission_error', 'The API key lacks the required scope'),
  model_not_found: kind(404, 'not_found_error', 'The model was not found'),
  video_not_found: kind(404, 'not_found_error', 'The video was not found'),
  frame_not_found: kind(404, 'not_found_error', 'The frame was not found'),
  unsupported_operation: kind(404, 'not_found_error', 'This API does not support this operation'),
  webhook_not_found: kind(404, 'not_found_error', 'The webhook was not found'),
  interval_not_found: kind(404, 'not_found_error', 'The interval was not found'),
  record_not_found: kind(404, 'not_found_error', 'The interval has no record'),
  evidence_not_found: kind(404, 'not_found_error', 'The evidence was not found'),
  prover_not_found: kind(404, 'not_found_error', 'The prover was not found'),
  not_found: kind(404, 'not_found_error', 'There is no such endpoint'),
  method_not_allowed: kind(
    405,
    'invalid_request_error',
    'The endpoint does not support this method',
  ),
  record_not_public: kind(409, 'conflict_error', 'The record is not public yet'),
  interval_running: kind(409, 'conflict_error', 'The interval is still running'),
  nothing_to_retry: kind(409, 'conflict_error', 'There is no workflow to restart'),
  video_not_ready: kind(409, 'conflict_error', 'The video is not finished', 1),
  webhook_exists: kind(409, 'conflict_error', 'The API key already has a webhook for this URL'),
  too_many_webhooks: kind(409, 'conflict_error', 'The API key has the maximum number of webhooks'),
  too_many_secrets: kind(409, 'conflict_error', 'The webhook has the maximum number of secrets'),
  webhook_disabled: kind(409, 'conflict_error', 'The webhook is disabled'),
  idempotency_in_flight: kind(
    409,
    'conflict_error',
    'A request with this Idempotency-Key is in progress',
    1,
  ),
  video_failed: kind(410, 'not_found_error', 'The video failed and has no content'),
  video_expired: kind(410, 'not_found_error', 'The content of the video has expired'),
  body_too_large: kind(413, 'invalid_request_error', 'The body is too large'),
  unsupported_media_type: kind(
    415,
    'invalid_request_error',
    'The content type of the body is not supported',
  ),
  range_not_satisfiable: kind(416, 'invalid_request_error', 'The range is outside the content'),
  misdirected: kind(421, 'invalid_request_error', 'This host is not served here'),
  idempotency_key_reused: kind(
    422,
    'invalid_request_error',
    'The Idempotency-Key was used for another request',
  ),
  rate_limited: kind(429, 'rate_limit_error', 'The key exceeds its request rate'),
  too_many_requests: kind(429, 'rate_limit_error', 'The key has too many concurrent requests', 1),
  // Nobody knows when one of the key's videos will end: this is how soon to look again.
  too_many_videos: kind(429, 'rate_limit_error', 'The key has too many concurrent videos', 5),
  quota_exceeded: kind(429, 'rate_limit_error', 'The key has used up its daily quota'),
  too_many_tests: kind(429, 'rate_limit_error', 'The webhook was tested too often', 60),
  internal_error: kind(500, 'server_error', 'Internal server error'),
  overloaded: kind(503, 'service_unavailable_error', 'The server is overloaded', 1),
  shutting_down: kind(503, 'service_unavailable_error', 'The server is shutting down', 1),
  temporal_unavailable: kind(
    503,
    'service_unavailable_error',
    'Temporal is temporarily unavailable',
    2,
  ),
  ledger_unavailable: kind(
    503,
    'service_unavailable_error',
    'The ledger is temporarily unavailable',
    2,
  ),
} as const satisfies Record<string, ErrorKind>

export type ApiErrorCode = keyof typeof API_ERRORS

export interface ApiErrorOptions extends FractalErrorOptions {
  /** The field at fault, as a path: `prompt`, `limit`. */
  param?: string
  /** For the header Retry-After, in place of the table's. */
  retryAfterSeconds?: number
}

/**
 * An error that is answered to the caller. Its message never repeats a value of the body: it may be a
 * prompt. What else it repeats (a path, a field's name) goes through `sanitizeText`.
 */
export class ApiError extends FractalError {
  declare readonly code: ApiErrorCode
  readonly param: string | null
  readonly retryAfterSeconds: number | undefined

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(code, message, options)
    this.param = options.param ?? null
    const { retryAfterSeconds } = { retryAfterSeconds: undefined, ...API_ERRORS[code] }
    this.retryAfterSeconds = options.retryAfterSeconds ?? retryAfterSeconds
  }
}
