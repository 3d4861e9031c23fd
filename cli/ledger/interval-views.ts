import { FractalError } from '../../base/errors.js'
import {
  type IntervalDetail,
  type IntervalOverviewRow,
  intervalDetail,
  intervalsOverview,
} from '../../ledger/intervals/interval-views.js'
import { missedText } from '../../rules/explain/missed-causes.js'
import { printJson, printLine, printTable, score } from '../output.js'
import { withLedger } from './access.js'

type Given = Readonly<Record<string, unknown>>

function lastBlock({ firstBlock, length }: { firstBlock: number; length: number }): number {
  return firstBlock + length - 1
}

export async function listIntervals(given: Given, limit: number, json: boolean): Promise<void> {
  const rows = await withLedger(given, (db, id) => intervalsOverview(db, id, { limit }))
  if (json) {
    printJson(rows)
    return
  }
  if (rows.length === 0) {
    printLine('no intervals yet')
    return
  }
  printTable(
    [
      'n',
      'blocks',
      'phase',
      'provers',
      'checks',
      'passes',
      'cheats',
      'requests',
      'moves',
      'weights',
    ],
    rows.map(overviewCells),
  )
  for (const { n, failure, phase, missedBecause } of rows) {
    if (failure !== null) printLine(`interval ${n}: ${failure}`)
    if (phase === 'missed') printLine(`interval ${n}: missed, ${missedText(missedBecause)}`)
  }
}

function overviewCells(row: IntervalOverviewRow): (string | number | null)[] {
  return [
    row.n,
    `${row.firstBlock}-${lastBlock(row)}`,
    row.failure === null ? row.phase : `${row.phase} (failed)`,
    row.provers,
    row.checks,
    row.passes,
    row.cheats,
    `${row.requestSuccesses}/${row.requests}`,
    row.moves,
    row.weightsKind === null ? null : `${row.weightsKind}, ${row.weightsState}`,
  ]
}

/** @throws FractalError `no_interval` */
export async function showInterval(given: Given, n: number, json: boolean): Promise<void> {
  const detail = await withLedger(given, (db, id) => intervalDetail(db, id, n))
  if (detail === null) {
    throw new FractalError('no_interval', `There is no interval ${n}.`, {
      hint: '`fractal interval list` lists the intervals.',
    })
  }
  if (json) printJson(detail)
  else printInterval(detail)
}

/** Where its commit and the weights themselves stand on the chain. */
function blockLines(weights: NonNullable<IntervalDetail['weights']>): string[] {
  const { commitBlock, revealFirst, revealLast, includedBlock, readBackOk } = weights
  const lines = []
  if (commitBlock !== null) {
    const window =
      includedBlock === null ? `, to be revealed in ${revealFirst} to ${revealLast}` : ''
    lines.push(`committed to in block ${commitBlock}${window}`)
  }
  if (includedBlock !== null) {
    const read =
      readBackOk === null ? '' : readBackOk ? ', read back and equal' : ', read back: OTHER VALUES'
    lines.push(`on the chain since block ${includedBlock}${read}`)
  }
  return lines
}

function printInterval(detail: IntervalDetail): void {
  const { interval, plan, verdicts, scores, moves, weights, record } = detail
  printLine(`interval ${interval.n}, blocks ${interval.firstBlock} to ${lastBlock(interval)}`)
  printLine(`phase    ${interval.phase}`)
  if (interval.failure !== null) printLine(`failure  ${interval.failure}`)
  if (interval.phase === 'missed') {
    printLine(`missed   ${missedText(interval.missedBecause)}; no score, tier or weight changed`)
  }
  if (plan === null) printLine('plan     secret until the interval is settled')
  if (weights !== null) {
    const reason = weights.reason === null ? '' : ` (${weights.reason})`
    printLine(`weights  ${weights.kind}, ${weights.state}${reason}`)
    for (const line of blockLines(weights)) printLine(`         ${line}`)
    weights.uids.forEach((uid, i) => {
      printLine(`         uid ${uid}: ${weights.values[i]}`)
    })
  }
  if (record !== null) {
    printLine(`record   ${record.hash}${record.signature === null ? ' (not signed yet)' : ''}`)
  }
  for (const move of moves) {
    printLine(`move     uid ${move.uid}: ${move.fromTier} to ${move.toTier}, ${move.reason}`)
  }
  if (plan !== null && plan.length > 0) {
    printLine('\nplan')
    printTable(
      ['round', 'block', 'prover', 'request'],
      plan.map((item) => [item.round, item.momentBlock, item.hotkey, item.requestId]),
    )
  }
  if (verdicts.length > 0) {
    printLine('\nverdicts')
    printTable(
      ['prover', 'kind', 'verdict', 'reason', 'request'],
      verdicts.map((row) => [row.hotkey, row.kind, row.verdict, row.reason, row.requestId]),
    )
  }
  if (scores.length > 0) {
    printLine('\nscores')
    printTable(
      ['uid', 'tier', 'requests', 'checks', 'wide', 'accepted', 'cheats', 'successes', 'score'],
      scores.map((row) => [
        row.uid,
        row.tierBefore === row.tierAfter ? row.tierAfter : `${row.tierBefore} to ${row.tierAfter}`,
        `${row.requestSuccesses}/${row.requestAttempts}`,
        `${row.checksPassed}/${row.checksJudged}`,
        `${row.wideKept}/${row.wideSlots}`,
        `${row.accepted}/${row.offered}`,
        row.cheats,
        row.totalAfter,
        score(row.scoreAfter),
      ]),
    )
  }
}
