import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FractalError } from '../../base/errors.js'
import type { Database } from '../../ledger/database.js'
import { listIntervals } from '../../ledger/intervals/intervals.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import { getContent, getJob } from '../../ledger/requests/jobs.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { Grid, GridProver } from '../grid/grid.js'
import { printLine } from '../process/print-line.js'
import type { StateDir } from '../process/state-dir.js'
import { cheatsFile } from '../villains/cheats-file.js'
import { Catches } from './catches.js'
import { intervalLoad, lagLine } from './lag.js'
import { intervalLine } from './lines.js'
import { BLOCK_MS, type Pace, seconds } from './pace.js'
import { demoSummary, notHeld } from './summary.js'
import type { DemoUsers } from './users.js'

/** Intervals that `--once` runs at least, and at most when a villain was not sampled yet. */
const ONCE_INTERVALS = 3
const ONCE_MOST = 8

export interface WatchOptions {
  readonly grid: Grid
  readonly state: StateDir
  readonly db: Database
  readonly id: VerifierId
  readonly users: DemoUsers
  readonly provers: readonly (GridProver & { hotkey: string })[]
  readonly once: boolean
  readonly interrupted: AbortSignal
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly pace: Pace
}

/**
 * Prints each interval as it ends, and with `once` ends after a few with the summary.
 * @throws FractalError `demo_failed` naming what did not hold, `role_ended`
 */
export async function watchDemo(options: WatchOptions): Promise<void> {
  const { grid, state, db, id, users, provers, once, interrupted, startedAt, pace } = options
  const names = new Map(grid.wallets.map(({ hotkey, name }) => [hotkey, name]))
  let shown = (await latestEnded(db, id)) ?? 0
  const first = shown + 1
  const catches = new Catches(db, id, provers, (name) =>
    cheatsFile(path.dirname(state.prover(name)), name),
  )
  let settled = 0
  let video: string | null = null
  let quietSince = Date.now()
  let overdue: number | null = null
  while (!interrupted.aborted) {
    for (const interval of await unlessAway([], () => ended(db, id, shown))) {
      const line = await unlessAway(null, () =>
        intervalLine(db, id, interval, (hotkey) => names.get(hotkey) ?? hotkey),
      )
      if (line === null) break
      printLine(line)
      const load = await unlessAway(null, () => intervalLoad(db, id, interval))
      const lag = load === null ? null : lagLine(load)
      if (lag !== null) printLine(lag)
      shown = interval.n
      quietSince = Date.now()
      if (interval.phase !== 'settled') continue
      settled += 1
      catches.settled(interval.n)
      const table = await unlessAway(null, () => catches.table())
      if (table !== null) printLine(`\n${table}\n`)
      if (settled === 1)
        printLine(
          `(first interval settled ${Math.round((Date.now() - startedAt) / 1000)} s after the start)`,
        )
    }
    video ??= await unlessAway(null, () => saveVideo(db, state, users))
    const dead = grid.endedRoles()
    if (dead.length > 0) {
      throw new FractalError('role_ended', `${dead.join(', ')} ended by itself`, {
        hint: `Its log: ${state.log(dead[0]!)}`,
      })
    }
    if (once && settled >= ONCE_INTERVALS && video !== null) {
      const summary = await demoSummary(db, id, provers, first, await catches.found())
      const holds = summary.broken.length === 0
      if (holds || settled >= ONCE_MOST) {
        printLine(`\n${summary.table}\n\nvideo: ${video}`)
        if (!holds) throw notHeld(summary)
        printLine(
          'Every villain was caught, nobody was wrongly accused, all weights were read back.',
        )
        return
      }
    }
    const quietMs = Date.now() - quietSince
    if (quietMs > overdueMs(pace) && overdue !== shown) {
      overdue = shown
      printLine(`this machine falls behind: no interval ended for ${seconds(quietMs)}`)
    }
    if (once && quietMs > pace.intervalTimeoutMs) {
      throw new FractalError('demo_failed', `no interval ended within ${seconds(quietMs)}`, {
        hint: `Is the machine busy with other programs? If not, see ${state.logs} and at Temporal's UI.`,
      })
    }
    await sleep(500, undefined, { signal: interrupted }).catch(() => undefined)
  }
}

/** When an interval that keeps up has ended, its weights read back: its own length, and a minute at most. */
function overdueMs(pace: Pace): number {
  return 2 * BLOCK_MS * pace.intervalBlocks + 60_000
}

/** The answer, or `otherwise` while the ledger is away: an operator may stop Postgres to see what happens. */
async function unlessAway<T>(otherwise: T, look: () => Promise<T>): Promise<T> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof FractalError && error.retryable) return otherwise
    throw error
  }
}

/** Intervals after n whose outcome is final: settled with their weights on the chain, lapsed or missed. */
async function ended(db: Database, id: VerifierId, after: number) {
  const rows = (await listIntervals(db, id, { limit: 50 })).filter(({ n }) => n > after).reverse()
  const done = []
  for (const row of rows) {
    if (row.phase === 'settled') {
      const set = await weightSet(db, id, row.n)
      if (set?.state !== 'confirmed' && set?.state !== 'done') break
    } else if (row.phase !== 'lapsed' && row.phase !== 'missed') break
    done.push(row)
  }
  return done
}

async function latestEnded(db: Database, id: VerifierId): Promise<number | null> {
  const rows = await listIntervals(db, id, { limit: 50 })
  return rows.find(({ phase }) => ['settled', 'lapsed', 'missed'].includes(phase))?.n ?? null
}

/** Saves the first finished video of this run, so that there is something to look at. */
async function saveVideo(db: Database, state: StateDir, users: DemoUsers): Promise<string | null> {
  for (const jobId of users.accepted) {
    if ((await getJob(db, jobId))?.status !== 'completed') continue
    const content = await getContent(db, jobId, 'video')
    if (content === null) continue
    const file = path.join(state.videos, `${jobId}.mp4`)
    await writeFile(file, content.bytes)
    printLine(`a user’s video: ${file}`)
    return file
  }
  return null
}
