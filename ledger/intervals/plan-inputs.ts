import { z } from 'zod'
import type { GpuTime } from '../../rules/plan/gpu-budget.js'
import type { RequestInput } from '../../rules/plan/plan-types.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable } from '../database.js'
import { jsonRows } from '../json-rows.js'
import type { VerifierId } from '../verifier-id.js'

/** A prover that an interval's rounds may ask, as it was when the interval opened. */
export interface PlanProver extends ProverKey {
  /** The last interval before this one in which a challenge or an audit of it was judged. */
  lastFullCheckN: number | null
  /** Whether the chain had an address for it. */
  hasAddress: boolean
}

/** What an interval's own requests are drawn from, as stored when it opened. */
export interface PlanInputsRow extends RequestInput {
  provers: PlanProver[]
  budget: Omit<GpuTime, 'length'>
  /**
   * The certified time of a spot check, floor(µs · 10^6 / pixels), and the pixels of everything that could
   * have been checked in the previous interval; null if an older version opened the interval.
   */
  spotCheckUsPerPixel: number | null
  spotCheckPixels: number | null
  /** Determinism classes that could be judged when it opened; null if an older version opened it. */
  judgedClasses: string[] | null
}

const whole = z.int().min(0)
const shape = {
  steps: whole,
  guidanceMilli: whole,
  frames: whole,
  width: whole,
  height: whole,
  fps: whole,
}

const inputs: z.ZodType<PlanInputsRow> = z.looseObject({
  model: z.looseObject({ name: z.string(), ...shape }),
  recentRequests: z.array(
    z.looseObject({ ...shape, negativePrompt: z.boolean(), cancelled: z.boolean() }),
  ),
  prompts: z.array(z.string()),
  reusablePrompts: z.array(
    z.looseObject({
      promptSha256: z.string(),
      negativePrompt: z.boolean(),
      servedBy: z.array(z.string()),
    }),
  ),
  provers: z.array(
    z.looseObject({
      hotkey: z.string(),
      registeredBlock: whole,
      lastFullCheckN: whole.nullable(),
      // Missing in rows of older versions.
      hasAddress: z.boolean().default(false),
    }),
  ),
  budget: z.looseObject({ usPerVideo: whole, gpus: whole, blockMs: whole }),
  spotCheckUsPerPixel: whole.nullable().default(null),
  spotCheckPixels: whole.nullable().default(null),
  judgedClasses: z.array(z.string()).nullable().default(null),
})

const queryInputs = jsonRows<{ n: number; inputs: PlanInputsRow }>('plans', (row) => row.n, {
  inputs,
})

const queryClasses = jsonRows<{ n: number; classes: string[] | null }>('plans', (row) => row.n, {
  classes: z.array(z.string()).nullable(),
})

/**
 * Null before an interval's plan is drawn.
 * @throws LedgerError `row_invalid` for a plan that an older version drew
 */
export async function planInputs(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<PlanInputsRow | null> {
  const [row] = await queryInputs(
    db,
    'SELECT n, inputs FROM plans WHERE netuid = $1 AND verifier = $2 AND n = $3',
    [id.netuid, id.verifier, n],
  )
  return row?.inputs ?? null
}

/**
 * The determinism classes that could be judged when an interval opened, without the rest of its inputs; null
 * before its plan is drawn, and if an older version drew it.
 */
export async function judgedClasses(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<string[] | null> {
  const [row] = await queryClasses(
    db,
    `SELECT n, inputs->'judgedClasses' AS classes FROM plans WHERE netuid = $1 AND verifier = $2 AND n = $3`,
    [id.netuid, id.verifier, n],
  )
  return row?.classes ?? null
}

/**
 * For each prover, the last interval in which a challenge or an audit of it was judged; provers without one
 * are left out.
 */
export async function lastFullChecks(
  db: Queryable,
  id: VerifierId,
): Promise<(ProverKey & { n: number })[]> {
  return db.query(
    `SELECT hotkey, registered_block, max(n) AS n FROM verdicts
     WHERE netuid = $1 AND verifier = $2 AND kind IN ('challenge', 'audit') AND verdict <> 'abstained'
     GROUP BY hotkey, registered_block`,
    [id.netuid, id.verifier],
  )
}
