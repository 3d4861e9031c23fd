import * as z from 'zod'
import { sanitizeText } from '../base/sanitize-text.js'
import { hasLoneSurrogate, isDigestHex } from '../formats/bytes.js'
import { isDeterminismClass } from '../formats/determinism-class.js'
import {
  type GenerationBody,
  guidanceMilli,
  MAX_TEXT_BYTES,
  SEED_MAX,
} from '../formats/generation.js'
import { isRequestId } from '../formats/request-id.js'
import { WireError } from './error.js'

const DAY_MS = 86_400_000
const MAX_COUNT = 1_000_000

const digest = z.string().refine(isDigestHex, 'expected the lowercase hex of 32 bytes')
const micros = z.int().min(0)
const text = z
  .string()
  .refine((s) => !hasLoneSurrogate(s), 'expected text that has UTF-8 (no lone surrogates)')
  .refine((s) => Buffer.byteLength(s) <= MAX_TEXT_BYTES, `longer than ${MAX_TEXT_BYTES} bytes`)
const guidance = z
  .number()
  .min(0)
  .max(1000)
  .refine((value) => {
    try {
      guidanceMilli(value)
      return true
    } catch {
      return false
    }
  }, 'more than three decimals')

/** `POST /v1/generate`; the engine decides which values a model supports. */
export const generationBodySchema = z.strictObject({
  request_id: z.string().refine(isRequestId, 'expected a lowercase UUIDv4'),
  query: text,
  private_input: z.strictObject({ negative_prompt: text }),
  sampling_params: z.strictObject({
    seed: z.int().min(0).max(SEED_MAX),
    num_inference_steps: z.int().min(1).max(MAX_COUNT),
    guidance_scale: guidance,
    width: z.int().min(1).max(MAX_COUNT),
    height: z.int().min(1).max(MAX_COUNT),
    num_frames: z.int().min(1).max(MAX_COUNT),
    fps: z.int().min(1).max(1000),
  }),
  model: z.string().min(1).max(128),
  deadline_ms: z.int().min(1).max(DAY_MS),
}) satisfies z.ZodType<GenerationBody>

/** `POST /v1/generations/{request_id}/open`: step i (1 … steps) and frame j (1 … frames). */
export const openBodySchema = z.strictObject({
  step: z.int().min(1).max(MAX_COUNT),
  frame: z.int().min(1).max(MAX_COUNT),
})
export type OpenBody = z.infer<typeof openBodySchema>

const WARNINGS = ['prompt_truncated'] as const

/** Time by part of the work, in microseconds, by the prover's own clock. */
const timingsSchema = z.strictObject({
  text_us: micros,
  denoise_us: micros,
  decode_us: micros,
  total_us: micros,
})
export type AnswerTimings = z.infer<typeof timingsSchema>

/** Codes of an `error` record; an unknown code is read as `internal`. */
export const ERROR_CODES = [
  'invalid_request',
  'out_of_memory',
  'cancelled',
  'late',
  'internal',
] as const
export type AnswerErrorCode = (typeof ERROR_CODES)[number]

/** Headers of the records that answer `POST /v1/generate`. */
export const answerHeaderSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('accepted'),
    /** Requests ahead of this one; 0: running. */
    position: z.int().min(0).max(10_000),
    warnings: z.array(z.enum(WARNINGS)).max(WARNINGS.length),
  }),
  z.strictObject({ type: z.literal('progress'), step: z.int().min(0), steps: z.int().min(1) }),
  z.strictObject({ type: z.literal('frame'), index: z.int().min(1) }),
  z.strictObject({
    type: z.literal('done'),
    frames_sha256: digest,
    trace_root: digest,
    determinism_class: z.string().refine(isDeterminismClass, 'not a determinism class'),
    timings: timingsSchema,
    signature: z.string().regex(/^0x[0-9a-f]{128}$/),
  }),
  z.strictObject({
    type: z.literal('error'),
    code: z.enum(ERROR_CODES).catch('internal'),
    message: z.string().max(1000),
    retryable: z.boolean(),
  }),
])
export type AnswerHeader = z.infer<typeof answerHeaderSchema>
export type DoneHeader = Extract<AnswerHeader, { type: 'done' }>
export type AnswerWarning = (typeof WARNINGS)[number]

/** Headers of the four records that answer `open`, in this order. */
export const openingHeaderSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('digests'), steps: z.int().min(1), frames: z.int().min(1) }),
  z.strictObject({ type: z.literal('state_before'), step: z.int().min(0) }),
  z.strictObject({ type: z.literal('state_after'), step: z.int().min(1) }),
  z.strictObject({ type: z.literal('final_latents'), step: z.int().min(1) }),
])
export type OpeningHeader = z.infer<typeof openingHeaderSchema>

/** `GET /v1/info`: what a prover reports about itself; unsigned, so none of it is proof. */
export const proverInfoSchema = z.strictObject({
  versions: z.record(z.string().max(64), z.string().max(128)),
  hotkey: z.string().max(64),
  model: z.string().min(1).max(128),
  model_root: digest,
  determinism_class: z.string().refine(isDeterminismClass, 'not a determinism class'),
  /** Versions and build ids, for information; not part of the class. */
  software: z.record(z.string().max(64), z.string().max(256)),
  /** GPUs in service. */
  gpus: z.int().min(1).max(MAX_COUNT).optional(),
  /** Concurrent requests: two per GPU. What a verifier makes of 1,000,000 is up to the verifier. */
  capacity: z.int().min(0).max(MAX_COUNT),
  queue_length: z.int().min(0).max(10_000),
})
export type ProverInfo = z.infer<typeof proverInfoSchema>

/** The JSON of every refusal (4xx, 5xx). */
export const refusalSchema = z.object({
  error: z.object({ code: z.string().max(64), message: z.string().max(1000) }),
  /** For a 429; parsed by `readTaken`, entry by entry. */
  taken: z.unknown().optional(),
})

/**
 * Parses a request's JSON bytes with a schema. The message names fields and rules, never values, which may be
 * prompts.
 * @throws WireError `bad_request`; `details.field` names the first invalid field
 */
export function parseJsonBody<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new WireError('bad_request', 'the body is not JSON in UTF-8')
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { field, text } = issueOf(parsed.error)
  throw new WireError('bad_request', text, { details: { field } })
}

/** The first issue that zod found, in one line; it may contain field names made up by the sender. */
export function issueOf(error: z.ZodError): { field: string; text: string } {
  const issue = error.issues[0]
  const field = sanitizeText(issue?.path.join('.') || 'body')
  return { field, text: sanitizeText(`${field}: ${issue?.message ?? 'invalid'}`) }
}
