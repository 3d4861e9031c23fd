import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FractalError } from '../../../base/errors.js'
import type { Database } from '../../../ledger/database.js'
import { type IntervalRow, intervalByN } from '../../../ledger/intervals/intervals.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { Catches } from '../../demo/catches.js'
import { hadNoTime } from '../../demo/lag.js'
import type { Grid, GridProver } from '../../grid/grid.js'
import { printLine } from '../../process/print-line.js'
import type { StateDir } from '../../process/state-dir.js'
import { cheatsFile } from '../../villains/cheats-file.js'
import { auditSettled } from './audit-settled.js'
import type { RealOptions } from './options.js'
import { Promises, type SettledFacts } from './promises.js'

const POLL_MS = 500
const KINDS = { challenge: 'challenges', audit: 'audits', spotcheck: 'spot checks' } as const
/** An interval, its audits and its weights, and as long again for a machine that got slower. */
const PATIENCE_INTERVALS = 4
const PATIENCE_MS = 180_000
/** Intervals: who stops a long run has its figures. */
const TABLE_EVERY = 10

export interface WatchedGrid {
  readonly grid: Grid
  readonly state: StateDir
  readonly db: Database
  readonly id: VerifierId
  readonly provers: readonly (GridProver & { hotkey: string })[]
}

/**
 * Prints a line for each interval, until enough are settled or judged.
 * @throws FractalError `sim_failed` with the sentence of what broke
 */
export async function watchReal(watched: WatchedGrid, options: RealOptions): Promise<void> {
  const { grid, state, db, id, provers } = watched
  const promises = new Promises(provers)
  const catches = new Catches(db, id, provers, (name) =>
    cheatsFile(path.dirname(state.prover(name)), name),
  )
  const startedMs = performance.now()
  const isEnough = (n: number) =>
    options.honest === null ? n >= options.intervals : promises.counts.judged >= options.honest
  for (let n = 1; ; n += 1) {
    const interval = await ended(grid, db, id, n, options)
    if (interval.phase !== 'settled') throw failed(`interval ${n} is ${interval.phase}`)
    catches.settled(n)
    const facts = {
      n,
      verdicts: await verdictsOf(db, id, n),
      catches: await catches.found(),
      weights: await weightsOf(db, id, n),
    }
    const broken = promises.settled(facts)
    printLine(intervalLine(facts, provers, promises.counts.judged))
    for (const line of failureLines(facts, provers)) printLine(line)
    if (n % TABLE_EVERY === 0) printLine(promises.counts.text())
    if (broken !== null) throw failed(broken)
    if (!isEnough(n)) continue
    const missing = promises.ended()
    if (missing !== null) throw failed(missing)
    if (options.villains.length > 0) printLine(`\n${await catches.table()}`)
    const all = options.villains.length > 0 ? 'every villain was caught, ' : ''
    printLine(`\n${promises.counts.text()}`)
    printLine(
      `\n${promises.counts.judged} answers judged in ${minutes(performance.now() - startedMs)}: ${all}nobody was accused wrongly, weights were on the chain once`,
    )
    // A record is public when a later interval has settled.
    if (options.audit) await auditSettled(grid, Math.max(1, n - 1), patienceMs(options))
    return
  }
}

/** Honest provers' checks and requests that failed: nobody is accused by these, but each has a reason. */
export function failureLines(
  { verdicts }: Pick<SettledFacts, 'verdicts'>,
  provers: readonly (GridProver & { hotkey: string })[],
): string[] {
  const honest = provers.filter(({ villain }) => villain === undefined)
  const names = new Map(honest.map(({ hotkey, name }) => [hotkey, name]))
  return verdicts.flatMap(({ hotkey, kind, verdict, reason }) => {
    const name = names.get(hotkey)
    if (name === undefined || verdict === 'pass' || verdict === 'abstained') return []
    const what = kind === 'answer' ? 'user’s request' : kind
    return [`  ${name}: ${what}: ${verdict} (${reason})`]
  })
}

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} minutes`
}

/** In one line: checks, verdicts, who was caught and who accused, weights. */
export function intervalLine(
  { n, verdicts, weights }: SettledFacts,
  provers: readonly (GridProver & { hotkey: string })[],
  judged: number,
): string {
  const checks = verdicts.filter(({ kind }) => kind !== 'answer')
  const kinds = ['challenge', 'audit', 'spotcheck'] as const
  const counts = kinds.map(
    (kind) => `${checks.filter((row) => row.kind === kind).length} ${KINDS[kind]}`,
  )
  const found = (['pass', 'cheat', 'fail', 'unproven', 'abstained'] as const).flatMap((verdict) => {
    const count = checks.filter((row) => row.verdict === verdict).length
    return count === 0 ? [] : [`${count} ${verdict}`]
  })
  const noTime = checks.filter(hadNoTime).length
  const cheats = new Set(
    verdicts.filter(({ verdict }) => verdict === 'cheat').map(({ hotkey }) => hotkey),
  )
  const named = (isVillain: boolean) =>
    provers
      .filter((prover) => cheats.has(prover.hotkey) && (prover.villain !== undefined) === isVillain)
      .map(({ name }) => name)
      .join(', ') || 'nobody'
  return [
    `interval ${n}: ${counts.join(', ')}`,
    `${found.join(', ')}${noTime === 0 ? '' : ` (no time for ${noTime})`}`,
    `caught ${named(true)}`,
    `accused wrongly ${named(false)}`,
    weights === null ? 'weights superseded' : `weights on the chain ${timesText(weights.times)}`,
    `${judged} judged in all`,
  ].join(' | ')
}

function timesText(times: number): string {
  return times === 1 ? 'once' : `${times} times`
}

/** The interval, once it is final, with its weights. */
async function ended(
  grid: Grid,
  db: Database,
  id: VerifierId,
  n: number,
  options: RealOptions,
): Promise<IntervalRow> {
  const until = performance.now() + patienceMs(options)
  for (;;) {
    const dead = grid.endedRoles()
    if (dead.length > 0) throw failed(`${dead.join(', ')} ended by itself`)
    const row = await intervalByN(db, id, n)
    if (row?.phase === 'lapsed' || row?.phase === 'missed') return row
    const set = row?.phase === 'settled' ? await weightSet(db, id, n) : null
    if (row !== null && (set?.state === 'confirmed' || set?.state === 'done')) return row
    if (performance.now() > until) throw failed(`interval ${n} did not end`)
    await sleep(POLL_MS)
  }
}

function patienceMs({ interval }: RealOptions): number {
  return PATIENCE_MS + PATIENCE_INTERVALS * interval * 1000
}

async function weightsOf(
  db: Database,
  id: VerifierId,
  n: number,
): Promise<SettledFacts['weights']> {
  const set = await weightSet(db, id, n)
  if (set?.kind !== 'weights') return null
  const sent = await extrinsicsOf(db, id, n)
  const times = sent.filter(({ step, result }) => step === 'set' && result === 'ok').length
  return { times, readBack: set.readBackOk === true }
}

function failed(sentence: string): FractalError {
  return new FractalError('sim_failed', sentence)
}
