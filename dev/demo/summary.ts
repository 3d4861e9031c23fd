import { FractalError } from '../../base/errors.js'
import { textTable } from '../../base/text-table.js'
import type { Database } from '../../ledger/database.js'
import { listIntervals } from '../../ledger/intervals/intervals.js'
import { scoresOf } from '../../ledger/intervals/settlement.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import { verdictsOf } from '../../ledger/judging/verdicts.js'
import { proversOverview } from '../../ledger/provers/network.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { GridProver } from '../grid/grid.js'
import type { Catch } from './catches.js'
import { hadNoTime, noTimeText } from './lag.js'
import { type IntervalWeights, weightsNotSet } from './weights.js'

export interface DemoSummary {
  readonly table: string
  /** What did not hold; empty when all did. */
  readonly broken: string[]
  /** How much of the checking this machine had no time for, when that is enough to explain the above. */
  readonly noTime: string | null
}

/** After its first checked cheat. */
const CAUGHT_WITHIN_INTERVALS = 1

/** A prover's verdicts and rates over all intervals so far. */
interface Tally {
  found: Map<string, number>
  cheats: number
  checks: number
  /** Of these, what the verifier did not get to. */
  noTime: number
  attempts: number
  successes: number
  judged: number
  passed: number
}

/**
 * How the grid stands, prover by prover, and whether it held what the demo promises.
 * @param first the first interval of this run: what earlier ones found proves nothing about it
 * @param catches by the villain's name
 */
export async function demoSummary(
  db: Database,
  id: VerifierId,
  provers: readonly (GridProver & { hotkey: string })[],
  first: number,
  catches: ReadonlyMap<string, Catch>,
): Promise<DemoSummary> {
  const all = (await listIntervals(db, id, { limit: 1000 })).filter(({ n }) => n >= first)
  const intervals = all.filter(({ phase }) => phase === 'settled')
  const tallies = new Map<string, Tally>(provers.map(({ hotkey }) => [hotkey, emptyTally()]))
  const weights: IntervalWeights[] = []
  const broken: string[] = all
    .filter(({ phase }) => phase === 'lapsed' || phase === 'missed')
    .map(({ n, phase }) => `interval ${n} is ${phase}`)
  for (const { n } of intervals) {
    for (const row of await verdictsOf(db, id, n)) {
      const tally = tallies.get(row.hotkey)
      if (tally === undefined) continue
      const what = `${row.verdict} (${row.reason})`
      tally.found.set(what, (tally.found.get(what) ?? 0) + 1)
      if (row.verdict === 'cheat') tally.cheats += 1
      if (row.kind !== 'answer') tally.checks += 1
      if (hadNoTime(row)) tally.noTime += 1
    }
    for (const row of await scoresOf(db, id, n)) {
      const tally = tallies.get(row.hotkey)
      if (tally === undefined) continue
      tally.attempts += row.requestAttempts
      tally.successes += row.requestSuccesses
      tally.judged += row.checksJudged
      tally.passed += row.checksPassed
    }
    weights.push({ n, set: await weightSet(db, id, n) })
  }
  broken.push(...weightsNotSet(weights))
  for (const { name, hotkey, villain } of provers) {
    const { cheats, checks, noTime } = tallies.get(hotkey)!
    if (villain !== undefined && cheats === 0) {
      const why = noTime === 0 ? '' : ` (no time for ${noTime} of its ${checks} checks)`
      broken.push(`${name} was not caught${why}`)
    }
    const { afterIntervals = null } = catches.get(name) ?? {}
    if (afterIntervals !== null && afterIntervals > CAUGHT_WITHIN_INTERVALS) {
      broken.push(`${name} was caught ${afterIntervals} intervals after its first checked cheat`)
    }
    if (villain === undefined && cheats > 0) broken.push(`${name} is honest and was accused`)
  }
  const overview = await proversOverview(db, id)
  const rows = provers.map(({ name, hotkey, villain }) => {
    const row = overview.find((other) => other.hotkey === hotkey)
    const tally = tallies.get(hotkey)!
    return [
      name,
      // By which the pages and `fractal prover list` know it.
      row === undefined ? '-' : String(row.uid),
      villain === undefined ? 'honest' : 'villain',
      row?.tier ?? '-',
      `${tally.successes}/${tally.attempts}`,
      `${tally.passed}/${tally.judged}`,
      row === undefined ? '-' : (row.scorePpm / 1_000_000).toFixed(4),
      String(row?.weight ?? 0),
      [...tally.found].map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing',
    ]
  })
  const sum = (key: 'checks' | 'noTime') =>
    [...tallies.values()].reduce((total, tally) => total + tally[key], 0)
  return {
    table: textTable(
      ['prover', 'uid', 'really', 'tier', 'requests', 'validations', 'score', 'weight', 'found'],
      rows,
      'ruled',
    ),
    broken,
    noTime: noTimeText(sum('checks'), sum('noTime')),
  }
}

/**
 * What the demo promised and did not hold, and whether that was the machine.
 * @returns FractalError `demo_failed`, or `machine_too_slow`
 */
export function notHeld({ broken, noTime }: Pick<DemoSummary, 'broken' | 'noTime'>): FractalError {
  const what = `what did not hold: ${broken.join('; ')}`
  if (noTime === null) return new FractalError('demo_failed', what)
  return new FractalError('machine_too_slow', `this machine was too slow (${noTime}); ${what}`, {
    hint: 'Stop other busy programs, or use a machine with more cores, then run the same command again.',
  })
}

function emptyTally(): Tally {
  return {
    found: new Map(),
    cheats: 0,
    checks: 0,
    noTime: 0,
    attempts: 0,
    successes: 0,
    judged: 0,
    passed: 0,
  }
}
