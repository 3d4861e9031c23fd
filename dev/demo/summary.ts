import { textTable } from '../../base/text-table.js'
import type { Database } from '../../ledger/database.js'
import { listIntervals } from '../../ledger/intervals/intervals.js'
import { scoresOf } from '../../ledger/intervals/settlement.js'
import { verdictsOf } from '../../ledger/intervals/verdicts.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import { proversOverview } from '../../ledger/provers/network.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { GridProver } from '../grid/grid.js'

export interface DemoSummary {
  readonly table: string
  /** What did not hold; empty when all did. */
  readonly broken: string[]
}

/** A prover's verdicts and rates over all intervals so far. */
interface Tally {
  found: Map<string, number>
  cheats: number
  attempts: number
  successes: number
  judged: number
  passed: number
}

/**
 * How the grid stands, prover by prover, and whether it held what the demo promises.
 * @param first the first interval of this run: what earlier ones found proves nothing about it
 */
export async function demoSummary(
  db: Database,
  id: VerifierId,
  provers: readonly (GridProver & { hotkey: string })[],
  first: number,
): Promise<DemoSummary> {
  const all = (await listIntervals(db, id, { limit: 1000 })).filter(({ n }) => n >= first)
  const intervals = all.filter(({ phase }) => phase === 'settled')
  const tallies = new Map<string, Tally>(provers.map(({ hotkey }) => [hotkey, emptyTally()]))
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
    }
    for (const row of await scoresOf(db, id, n)) {
      const tally = tallies.get(row.hotkey)
      if (tally === undefined) continue
      tally.attempts += row.requestAttempts
      tally.successes += row.requestSuccesses
      tally.judged += row.checksJudged
      tally.passed += row.checksPassed
    }
    const set = await weightSet(db, id, n)
    if (set?.readBackOk !== true) {
      broken.push(`the weights of interval ${n} were not set and read back from the chain`)
    }
  }
  for (const { name, hotkey, villain } of provers) {
    const { cheats } = tallies.get(hotkey)!
    if (villain !== undefined && cheats === 0) broken.push(`${name} was not caught`)
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
      villain ?? 'honest',
      row?.tier ?? '-',
      `${tally.successes}/${tally.attempts}`,
      `${tally.passed}/${tally.judged}`,
      row === undefined ? '-' : (row.scorePpm / 1_000_000).toFixed(4),
      String(row?.weight ?? 0),
      [...tally.found].map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing',
    ]
  })
  return {
    table: textTable(
      ['prover', 'uid', 'really', 'tier', 'requests', 'validations', 'score', 'weight', 'found'],
      rows,
      'ruled',
    ),
    broken,
  }
}

function emptyTally(): Tally {
  return { found: new Map(), cheats: 0, attempts: 0, successes: 0, judged: 0, passed: 0 }
}
