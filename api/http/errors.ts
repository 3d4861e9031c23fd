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
  unknown_field: kind(400, 'invalid_request_error', 'The request has a field that is not known'),
  unsupported_field: kind(400, 'invalid_request_error', 'The model takes no such field'),
  limit_exceeded: kind(400, 'invalid_request_error', 'The request asks for too much'),
  invalid_api_key: kind(401, 'authentication_error', 'There is no valid API key'),
  insufficient_scope: kind(403, 'permission_error', 'The API key may not do this'),
  model_not_found: kind(404, 'not_found_error', 'There is no such model here'),
  video_not_found: kind(404, 'not_found_error', 'There is no such video'),
  frame_not_found: kind(404, 'not_found_error', 'The video has no such frame'),
  unsupported_operation: kind(404, 'not_found_error', 'This API does not do this'),
  webhook_not_found: kind(404, 'not_found_error', 'There is no such webhook'),
  interval_not_found: kind(404, 'not_found_error', 'There is no such interval'),
  record_not_found: kind(404, 'not_found_error', 'The interval has no record'),
  prover_not_found: kind(404, 'not_found_error', 'There is no such prover'),
  not_found: kind(404, 'not_found_error', 'There is nothing at this address'),
  method_not_allowed: kind(405, 'invalid_request_error', 'This address does not take this method'),
  record_not_public: kind(409, 'conflict_error', 'The record is not public yet'),
  interval_running: kind(409, 'conflict_error', 'The interval is still running'),
  nothing_to_retry: kind(409, 'conflict_error', 'There is nothing to run again'),
  video_not_ready: kind(409, 'conflict_error', 'The video is not finished', 1),
  webhook_exists: kind(409, 'conflict_error', 'The API key has a webhook to this address'),
  too_many_webhooks: kind(409, 'conflict_error', 'The API key has as many webhooks as it may'),
  too_many_secrets: kind(409, 'conflict_error', 'The webhook has as many secrets as it may'),
  webhook_disabled: kind(409, 'conflict_error', 'The webhook is disabled'),
  idempotency_in_flight: kind(
    409,
    'conflict_error',
    'A request under this Idempotency-Key is being taken',
    1,
  ),
  video_failed: kind(410, 'not_found_error', 'The video failed: it will have no content'),
  video_expired: kind(410, 'not_found_error', 'The content of the video has expired'),
  body_too_large: kind(413, 'invalid_request_error', 'The body is too large'),
  unsupported_media_type: kind(
    415,
    'invalid_request_error',
    'The body is of a type that is not taken here',
  ),
  range_not_satisfiable: kind(416, 'invalid_request_error', 'The range is outside the content'),
  misdirected: kind(421, 'invalid_request_error', 'This host is not served here'),
  idempotency_key_reused: kind(
    422,
    'invalid_request_error',
    'The Idempotency-Key was used for another request',
  ),
  rate_limited: kind(429, 'rate_limit_error', 'The key asks for videos too fast'),
  too_many_requests: kind(429, 'rate_limit_error', 'The key has too many concurrent requests', 1),
  // When one of the key's videos ends nobody knows: this is how soon to look again.
  too_many_videos: kind(429, 'rate_limit_error', 'The key has too many concurrent videos', 5),
  quota_exceeded: kind(429, 'rate_limit_error', 'The key has used up its quota of today'),
  too_many_tests: kind(429, 'rate_limit_error', 'The webhook is tested too often', 60),
  internal_error: kind(500, 'server_error', 'Something failed here'),
  overloaded: kind(503, 'service_unavailable_error', 'The server is overloaded', 1),
  shutting_down: kind(503, 'service_unavailable_error', 'This process is stopping', 1),
  temporal_unavailable: kind(503, 'service_unavailable_error', 'Temporal is away for now', 2),
  ledger_unavailable: kind(503, 'service_unavailable_error', 'The ledger is away for now', 2),
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
 * prompt. What else it repeats (a path, a field's name) goes through `shown`.
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
