import { FractalError } from '../../base/errors.js'
import type { ChainOptions } from '../../chain/connect.js'
import type { Database } from '../../ledger/database.js'
import { intervalByN, latestInterval } from '../../ledger/intervals/intervals.js'
import { recordOf } from '../../ledger/intervals/records.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import { verdictsOf } from '../../ledger/judging/verdicts.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { assertWhole } from '../../test/support/grid/whole.js'

export interface IntervalSite {
  readonly db: Database
  readonly id: VerifierId
  readonly chain: ChainOptions
  /** Asks until there is something; fails when that takes too long. */
  readonly until: <T>(what: string, look: () => Promise<T | null | false>) => Promise<T>
}

export interface IntervalOutcome {
  readonly n: number
  readonly verdicts: number
  readonly passed: number
}

/**
 * An interval in which something happens: it settles all the same, whole.
 * @param options.proversFail whether what happens keeps provers from answering
 * @throws FractalError `shape_failed`, and what `assertWhole` throws
 */
export async function throughInterval(
  { db, id, chain, until }: IntervalSite,
  happen: () => Promise<void>,
  { proversFail = false }: { proversFail?: boolean } = {},
): Promise<IntervalOutcome> {
  const before = (await latestInterval(db, id))?.n ?? 0
  const { n } = await until('an interval in its rounds', async () => {
    const row = await latestInterval(db, id)
    return row !== null && row.n > before && row.phase === 'rounds' ? row : null
  })
  await happen()
  const { phase } = await until(`interval ${n} to end`, async () => {
    const row = await intervalByN(db, id, n)
    if (row?.phase === 'lapsed' || row?.phase === 'missed') return row
    const set = await weightSet(db, id, n)
    const isSet = set?.state === 'confirmed' || set?.state === 'done'
    return row?.phase === 'settled' && isSet ? row : null
  })
  if (phase !== 'settled') throw shapeFailed(`interval ${n} is ${phase}, not settled`)
  // Signed last: what does not hold then never will.
  await until(`the signed record of interval ${n}`, async () => {
    return (await recordOf(db, id, n))?.signature != null
  })
  const verdicts = await verdictsOf(db, id, n)
  const wrong = verdicts.find(
    ({ verdict }) => verdict === 'cheat' || (verdict === 'fail' && !proversFail),
  )
  if (wrong !== undefined) {
    throw shapeFailed(
      `interval ${n}: an honest prover got ${wrong.verdict} (${wrong.kind}, ${wrong.reason})`,
    )
  }
  // Now, because a node forgets the states of old blocks.
  await assertWhole(db, id, n, chain)
  const passed = verdicts.filter(({ verdict }) => verdict === 'pass').length
  return { n, verdicts: verdicts.length, passed }
}

export function shapeFailed(message: string): FractalError {
  return new FractalError('shape_failed', message, { hint: 'The logs are in the state folder.' })
}
