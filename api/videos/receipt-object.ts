import { z } from 'zod'
import { answerText } from '../../formats/answer.js'
import type { Hex } from '../../formats/bytes.js'
import { sha256Hex } from '../../formats/sha256.js'
import type { JobRow } from '../../ledger/requests/jobs.js'
import type { FinalVerdict, ReceiptRow } from '../../ledger/requests/receipts.js'
import { CHECKS_AFTER_CHEAT } from '../../rules/constants.js'
import { isOnProbation } from '../../rules/routing/cheat-probation.js'
import { REASONS, worstVerdict } from '../../rules/verdicts.js'
import { checkKindSchema, tierSchema, verdictSchema } from '../network/schema.js'

const digest = z.string().regex(/^[0-9a-f]{64}$/)

export const receiptSchema = z
  .object({
    object: z.literal('video.receipt'),
    video_id: z.string(),
    url: z.string().meta({
      description: 'where this API says later too whether and how this answer was checked',
    }),
    request_id: z.string(),
    prover: z.string().meta({ description: 'hotkey (ss58) whose signature `answer.signature` is' }),
    prover_tier: tierSchema.nullable().meta({
      description:
        'its tier when it answered; null when no interval knew it, and while the weights that the tier was settled with are not in the open on the chain',
    }),
    prover_caught: z
      .object({
        interval: z.int().min(0).meta({ description: 'in which its last cheat was found' }),
        checks_passed_since: z.int().min(0),
        last_resort: z.boolean().meta({
          description: `fewer than ${CHECKS_AFTER_CHEAT} checks passed since: it gets requests only while no other prover is free`,
        }),
      })
      .nullable()
      .meta({
        description:
          'whether this prover was ever found cheating, by the settled intervals that are shown; null: it was not',
      }),
    verifier: z
      .string()
      .meta({ description: 'hotkey (ss58) whose signature `request.signature` is' }),
    netuid: z.int().min(0),
    genesis_hash: digest,
    seed: z.int().min(0),
    model: z.string(),
    counted: z.boolean(),
    width: z.int().min(0),
    height: z.int().min(0),
    num_frames: z.int().min(0),
    request: z.object({
      body: z.string().meta({ description: 'the JSON text that was signed and sent, to the byte' }),
      body_sha256: digest,
      nonce: z.string(),
      signature: z.string().meta({ description: 'btauth/1, sr25519, of POST /v1/generate' }),
    }),
    answer: z.object({
      frames_sha256: digest,
      trace_root: digest,
      determinism_class: z.string(),
      class_sha256: digest,
      model_root: digest,
      signature: z.string().meta({ description: 'sr25519 over `signed_text`' }),
      signed_text: z.string(),
    }),
    elapsed_ms: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'null when the request was sent again: the time then says nothing' }),
    completed_at: z.int().min(0),
    interval: z.int().min(0).nullable(),
    judgment: z
      .object({
        state: z.enum(['judged', 'not_judged', 'not_yet_public']),
        verdict: verdictSchema.nullable().meta({ description: 'the worst of `checks`' }),
        reason: z.string().nullable(),
        reason_text: z.string().nullable(),
        checks: z
          .array(
            z.object({
              kind: checkKindSchema.meta({
                description:
                  '`audit`: the whole video was computed again; `spotcheck`: one step and one frame of it',
              }),
              verdict: verdictSchema,
              reason: z.string(),
              reason_text: z.string(),
              interval: z.int().min(1).meta({ description: 'in which it counts' }),
            }),
          )
          .meta({ description: 'every check of this answer, in the order in which they ended' }),
      })
      .meta({
        description:
          'what the verifier found when it checked this very answer; shown once the interval is final and its weights are in the open on the chain',
      }),
  })
  .meta({ id: 'Receipt' })
export type Receipt = z.output<typeof receiptSchema>

/** What a prover signed for this video, with all that its signature binds. */
export function receiptObject(
  job: JobRow,
  row: ReceiptRow & { genesisHash: Hex },
  caught: { cheatN: number; passed: number } | null,
  judgment: Receipt['judgment'],
): Receipt {
  return {
    object: 'video.receipt',
    video_id: job.id,
    url: `/v1/videos/${job.id}/receipt`,
    request_id: row.requestId,
    prover: row.prover,
    prover_tier: row.tier,
    prover_caught: caught && {
      interval: caught.cheatN,
      checks_passed_since: caught.passed,
      last_resort: isOnProbation(caught.passed),
    },
    verifier: row.verifier,
    netuid: row.netuid,
    genesis_hash: row.genesisHash,
    seed: job.seed,
    model: job.model,
    counted: job.counted,
    width: job.width,
    height: job.height,
    num_frames: job.frames,
    request: {
      body: new TextDecoder().decode(row.body),
      body_sha256: row.bodySha256,
      nonce: row.requestNonce ?? '',
      signature: row.requestSignature ?? '',
    },
    answer: {
      frames_sha256: row.framesSha256,
      trace_root: row.traceRoot,
      determinism_class: row.determinismClass,
      class_sha256: sha256Hex(row.determinismClass),
      model_root: row.modelRoot,
      signature: row.signature,
      signed_text: answerText(row),
    },
    elapsed_ms: row.elapsedUs === null ? null : Math.round(row.elapsedUs / 1000),
    completed_at: Math.floor(row.completedAt.getTime() / 1000),
    interval: row.n,
    judgment,
  }
}

/** @param isShown whether the interval is, in which the answer was given */
export function judgmentOf(
  verdicts: readonly FinalVerdict[],
  isShown: boolean,
): Receipt['judgment'] {
  const checks = verdicts.map(({ kind, verdict, reason, n }) => ({
    kind,
    verdict,
    reason,
    reason_text: REASONS[reason],
    interval: n,
  }))
  if (checks.length === 0) {
    const state = isShown ? 'not_judged' : 'not_yet_public'
    return { state, verdict: null, reason: null, reason_text: null, checks }
  }
  const verdict = worstVerdict(checks.map((each) => each.verdict))
  const { reason, reason_text } = checks.find((each) => each.verdict === verdict)!
  return { state: 'judged', verdict, reason, reason_text, checks }
}
