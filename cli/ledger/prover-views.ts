import { FractalError } from '../../base/errors.js'
import { shortClass } from '../../formats/determinism-class.js'
import {
  type ProverOverviewRow,
  proversOverview,
  tierHistory,
} from '../../ledger/provers/network.js'
import { printJson, printLine, printTable, score } from '../output.js'
import { withLedger } from './access.js'

type Given = Readonly<Record<string, unknown>>

const MAX_MOVES = 20

function counts(part: number | null, whole: number | null): string | null {
  return part === null || whole === null ? null : `${part}/${whole}`
}

export async function listProvers(given: Given, json: boolean): Promise<void> {
  const rows = await withLedger(given, (db, id) => proversOverview(db, id))
  if (json) {
    printJson(rows)
    return
  }
  if (rows.length === 0) {
    printLine('no provers yet')
    return
  }
  printTable(
    [
      'uid',
      'hotkey',
      'tier',
      'score',
      'weight',
      'successes',
      'requests',
      'checks',
      'cheats',
      'reached',
    ],
    rows.map((row) => [
      row.uid,
      row.hotkey,
      row.tier,
      score(row.scorePpm),
      row.weight,
      row.totalSuccesses,
      counts(row.requestSuccesses, row.requestAttempts),
      counts(row.checksPassed, row.checksJudged),
      row.totalCheats,
      row.reachable === null ? null : (row.unreachableReason ?? 'yes'),
    ]),
  )
}

function find(rows: ProverOverviewRow[], which: string): ProverOverviewRow {
  const isUid = /^\d+$/.test(which)
  const row = rows.find(({ uid, hotkey }) => (isUid ? uid === Number(which) : hotkey === which))
  if (row !== undefined) return row
  throw new FractalError(
    'no_prover',
    `There is no prover with the ${isUid ? 'uid' : 'hotkey'} ${which}.`,
    {
      hint: '`fractal prover list` lists the provers.',
    },
  )
}

/** @param which hotkey or uid @throws FractalError `no_prover` */
export async function showProver(given: Given, which: string, json: boolean): Promise<void> {
  const { row, moves } = await withLedger(given, async (db, id) => {
    const found = find(await proversOverview(db, id), which)
    const history = await tierHistory(db, id, { hotkey: found.hotkey, limit: MAX_MOVES })
    return { row: found, moves: history }
  })
  if (json) {
    printJson({ ...row, moves })
    return
  }
  printLine(`uid ${row.uid}  ${row.hotkey}`)
  printLine(`tier      ${row.tier}`)
  printLine(`score     ${score(row.scorePpm)}`)
  printLine(`weight    ${row.weight ?? 'none'}`)
  printLine(`successes ${row.totalSuccesses} in all`)
  printLine(
    `cheats    ${row.totalCheats} in all${row.lastCheatN === null ? '' : `, the last in interval ${row.lastCheatN}`}`,
  )
  if (row.settledN !== null) {
    const requests = counts(row.requestSuccesses, row.requestAttempts)
    const checks = counts(row.checksPassed, row.checksJudged)
    printLine(
      `interval ${row.settledN}: requests ${requests}, checks ${checks}, cheats ${row.cheats}`,
    )
  }
  if (row.determinismClass !== null) printLine(`class     ${shortClass(row.determinismClass)}`)
  if (row.unreachableReason !== null) printLine(`not reached: ${row.unreachableReason}`)
  for (const { n, kind, verdict, reason } of row.lastVerdicts) {
    printLine(`verdict   interval ${n}: ${kind}, ${verdict}, ${reason}`)
  }
  for (const { n, fromTier, toTier, reason } of moves) {
    printLine(`move      interval ${n}: ${fromTier} to ${toTier}, ${reason}`)
  }
}
