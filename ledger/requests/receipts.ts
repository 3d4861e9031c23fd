import type { Hex } from '../../formats/bytes.js'
import type { Tier } from '../../rules/tiers.js'
import type { Reason, Verdict } from '../../rules/verdicts.js'
import type { Queryable } from '../database.js'
import { FINAL_PHASES, type IntervalPhase } from '../intervals/intervals.js'
import type { CheckKind } from '../judging/verdicts.js'
import { firstOrNull } from '../rows.js'

/** The attempt that made a user's video, as shown in its receipt. */
export interface ReceiptRow {
  requestId: string
  prover: string
  registeredBlock: number
  /** The prover's tier when it answered; null if no interval knew it. */
  tier: Tier | null
  /** The interval whose settlement left it; null: none had settled. */
  tierAfter: number | null
  netuid: number
  verifier: string
  /** Null until a process of the verifier has recorded it. */
  genesisHash: Hex | null
  body: Uint8Array
  bodySha256: Hex
  requestNonce: string | null
  requestSignature: string | null
  framesSha256: Hex
  traceRoot: Hex
  determinismClass: string
  modelRoot: Hex
  signature: string
  elapsedUs: number | null
  completedAt: Date
  /** The interval it counts in. */
  n: number
  /** Phase of that interval. */
  phase: IntervalPhase | null
}

export async function receiptOf(db: Queryable, requestId: string): Promise<ReceiptRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT a.request_id, a.hotkey AS prover, a.registered_block, standing.tier, standing.opened_after AS tier_after, a.netuid, a.verifier, v.genesis_hash, a.body, a.body_sha256,
         a.request_nonce, a.request_signature, a.frames_sha256, a.trace_root, a.determinism_class, a.model_root,
         a.signature, a.elapsed_us, a.completed_at, a.n, i.phase
       FROM attempts a
       LEFT JOIN verifiers v USING (netuid, verifier)
       LEFT JOIN intervals i USING (netuid, verifier, n)
       -- Its interval may not have been opened yet: the verifier was away.
       LEFT JOIN LATERAL (
         SELECT p.tier, o.opened_after FROM interval_provers p JOIN intervals o USING (netuid, verifier, n)
         WHERE p.netuid = a.netuid AND p.verifier = a.verifier AND p.n <= a.n
           AND p.hotkey = a.hotkey AND p.registered_block = a.registered_block
         ORDER BY p.n DESC LIMIT 1
       ) standing ON true
       WHERE a.request_id = $1 AND a.outcome = 'success'`,
      [requestId],
    ),
  )
}

export interface FinalVerdict {
  kind: CheckKind
  verdict: Verdict
  reason: Reason
  /** The interval that it counts in. */
  n: number
}

/**
 * The checks of an answer that count in final intervals up to `throughN`: a prover that learned of the others
 * while its interval runs would know when it is hardly checked again.
 */
export async function finalVerdicts(
  db: Queryable,
  requestId: string,
  throughN: number,
): Promise<FinalVerdict[]> {
  return db.query(
    `SELECT v.kind, v.verdict, v.reason, v.n FROM verdicts v JOIN intervals i USING (netuid, verifier, n)
     WHERE v.request_id = $1 AND i.phase = ANY ($2) AND v.n <= $3 ORDER BY v.decided_at, v.kind`,
    [requestId, FINAL_PHASES, throughN],
  )
}
