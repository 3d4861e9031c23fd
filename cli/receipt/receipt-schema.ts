import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { ReceiptTerms } from '../../formats/receipt/receipt-terms.js'

const nothingJudged = { state: 'not_yet_public', verdict: null, reason_text: null } as const

/** Members that are checked, or told; what else the API says beside them is left alone. */
const schema = z.object({
  object: z.literal('video.receipt'),
  url: z.string().default(''),
  request_id: z.string(),
  prover: z.string(),
  verifier: z.string(),
  netuid: z.int().min(0),
  genesis_hash: z.string(),
  seed: z.int(),
  model: z.string(),
  width: z.int().min(1),
  height: z.int().min(1),
  num_frames: z.int().min(1),
  request: z.object({
    body: z.string(),
    body_sha256: z.string(),
    nonce: z.string(),
    signature: z.string(),
  }),
  answer: z.object({
    frames_sha256: z.string(),
    trace_root: z.string(),
    determinism_class: z.string(),
    class_sha256: z.string(),
    model_root: z.string(),
    signature: z.string(),
    signed_text: z.string(),
  }),
  interval: z.int().nullable().default(null),
  judgment: z
    .object({
      state: z.enum(['judged', 'not_judged', 'not_yet_public']),
      verdict: z.string().nullable(),
      reason_text: z.string().nullable(),
      // One of an earlier version has no list.
      checks: z
        .array(
          z.object({
            kind: z.string(),
            verdict: z.string(),
            reason_text: z.string().nullable(),
            interval: z.int(),
          }),
        )
        .default([]),
    })
    .default({ ...nothingJudged, checks: [] }),
  prover_caught: z.object({ interval: z.int(), last_resort: z.boolean() }).nullable().default(null),
})

export type Receipt = z.output<typeof schema> & ReceiptTerms

/** @throws FractalError `file_malformed`, naming the first member at fault */
export function parseReceipt(value: unknown): Receipt {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const at = issue?.path.join('.') || 'receipt'
  throw new FractalError('file_malformed', `This is no receipt: ${at}: ${issue?.message}.`, {
    hint: 'GET /v1/videos/{id}/receipt answers with one.',
  })
}
