import * as z from 'zod'
import { isDigestHex } from '../../formats/bytes.js'
import { isDeterminismClass } from '../../formats/determinism-class.js'
import { EVIDENCE_VERSION } from '../../formats/evidence.js'
import { WireError } from '../error.js'
import { issueOf } from '../schemas.js'

const digest = z.string().refine(isDigestHex, 'expected the lowercase hex of 32 bytes')
const signature = z.string().regex(/^0x[0-9a-f]{128}$/)
const hotkey = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{46,50}$/, 'expected an ss58 address')
/** Bytes in canonical base64. */
const base64 = z
  .string()
  .refine(
    (text) => Buffer.from(text, 'base64').toString('base64') === text,
    'expected padded base64',
  )
const deviation = z.int().min(0).nullable()

/** What the verifier recomputed from an opened step. */
const recomputed = z.strictObject({
  initial: digest,
  after: digest,
  frame: digest,
  step_deviation: deviation,
  frame_deviation: deviation,
})

/** For a spot check: what the prover opened, and what the verifier recomputed. */
const opened = z.strictObject({
  step: z.int().min(1),
  frame: z.int().min(1),
  /** d_0 … d_steps, then f_1 … f_frames, 32 bytes each. */
  digests: base64,
  /** Raw float32; null if the file would be too large. */
  states: z.strictObject({ before: base64, after: base64, final: base64 }).nullable(),
  /** The drawn frame as it was sent; only if the class is not exact, because then frames are compared. */
  sent_frame: base64.nullable(),
  /** Only for a class that is not exact. */
  tolerance: z.strictObject({ step: z.int().min(0), frame: z.int().min(0) }).nullable(),
  recomputed,
  confirmation: z.strictObject({ recomputed, known_answer_ok: z.boolean() }),
})

/** For a challenge or an audit: what the verifier computed for the whole request, twice. */
const truth = z.strictObject({
  frames_sha256: digest,
  trace_root: digest,
  confirm_frames_sha256: digest,
  /** Null if an earlier version computed it. */
  confirm_trace_root: digest.nullable(),
  known_answer_ok: z.boolean(),
  cosine_ppm: z.int().min(0).max(1_000_000).nullable(),
  tier: z.enum(['challenger', 'grandmaster', 'gold', 'silver', 'bronze']),
  /**
   * The frames as they were sent, each zlib; only if the class is not exact; null if the file would be too
   * large.
   */
  sent_frames: z.array(base64).nullable(),
})

const common = {
  version: z.literal(EVIDENCE_VERSION),
  genesis_hash: digest,
  netuid: z.int().min(0),
  verifier: hotkey,
  prover: hotkey,
  registered_block: z.int().min(0),
  /** The interval that the verdict counts in. */
  interval: z.int().min(1),
  request_id: z.uuid(),
  reason: z.enum([
    'hash_differs',
    'cosine_low',
    'trace_differs',
    'trace_broken',
    'step_differs',
    'frame_differs',
    'state_not_finite',
  ]),
  /** Whether the verifier considered the class exact: decided by equal bytes, otherwise by tolerances. */
  exact: z.boolean(),
  request: z.strictObject({
    /** The JSON text that was signed and sent. */
    body: z.string(),
    nonce: z.string().regex(/^(0|[1-9][0-9]{0,19})$/),
    signature,
  }),
  answer: z.strictObject({
    frames_sha256: digest,
    trace_root: digest,
    determinism_class: z.string().refine(isDeterminismClass, 'not a determinism class'),
    model_root: digest,
    signature,
  }),
  /** The verifier's, over `evidenceText` of everything else. */
  signature,
}

export const evidenceSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('spotcheck'), ...common, opened }),
  z.strictObject({ kind: z.literal('challenge'), ...common, truth }),
  z.strictObject({ kind: z.literal('audit'), ...common, truth }),
])

/** The file that proves a `cheat`. */
export type Evidence = z.output<typeof evidenceSchema>
export type SpotCheckEvidence = Extract<Evidence, { kind: 'spotcheck' }>
export type WholeEvidence = Exclude<Evidence, SpotCheckEvidence>
/** Raw bytes of states or frames in one file: five times the latents of 81 frames of 832 × 480. */
export const EVIDENCE_PARTS_MAX_BYTES = 64 * 1024 * 1024
/** Maximum bytes of a file, whose parts are in base64. */
export const EVIDENCE_MAX_BYTES = 128 * 1024 * 1024

/** @throws WireError `bad_request`; `details.field` names the first invalid field */
export function parseEvidence(value: unknown): Evidence {
  const parsed = evidenceSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const { field, text } = issueOf(parsed.error)
  throw new WireError('bad_request', `This is not evidence: ${text}.`, { details: { field } })
}
