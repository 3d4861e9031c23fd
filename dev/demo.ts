import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FractalError } from '../base/errors.js'
import { createLog } from '../base/log.js'
import { environmentName, type OptionName } from '../base/options.js'
import { type Database, openDatabase } from '../ledger/database.js'
import { listIntervals } from '../ledger/intervals.js'
import { getContent, getJob } from '../ledger/jobs.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { weightSet } from '../ledger/weights.js'
import { intervalLine } from './demo-lines.js'
import { demoSummary } from './demo-summary.js'
import { DemoUsers } from './demo-users.js'
import { Grid, type GridProver } from './grid.js'
import { fixedPorts } from './grid-ports.js'
import { defaultStateRoot, openStateDir, type StateDir } from './state-dir.js'

export interface DemoOptions {
  /** Run a few intervals, print a summary and end. */
  readonly once: boolean
  /** Remove what earlier demos left. */
  readonly fresh: boolean
  /** The first of the ports. */
  readonly portBase: number
}

const NETUID = 1
/** What a shell reports for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130
const BLOCK_MS = 1000
const INTERVAL_BLOCKS = 20
const USER_EVERY_MS = 6000
/** Intervals that `--once` runs at least, and at most when a villain was not sampled yet. */
const ONCE_INTERVALS = 3
const ONCE_MOST = 8
/** A whole interval and its audits take under a minute here; beyond this nothing will come. */
const INTERVAL_TIMEOUT_MS = 180_000

const PROVERS: readonly GridProver[] = [
  { name: 'prover-1' },
  { name: 'prover-2' },
  { name: 'prover-3' },
  { name: 'prover-4' },
  { name: 'villain-1', villain: 'fewer-steps' },
  { name: 'villain-2', villain: 'ignores-seed' },
]

const say = (line = ''): void => {
  process.stdout.write(`${line}\n`)
}

/**
 * Runs a grid on this machine until Ctrl-C, or for a few intervals with `once`.
 * @throws FractalError `demo_failed` naming what did not hold
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const state = await openStateDir(defaultStateRoot(), { fresh: options.fresh })
  const interrupted = interruption()
  const grid = new Grid({
    state,
    ports: fixedPorts(options.portBase, PROVERS.length),
    provers: PROVERS,
    netuid: NETUID,
    blockMs: BLOCK_MS,
    options: {
      profile: 'demo',
      'neuron.compute_stats_interval': INTERVAL_BLOCKS,
      'logging.level': 'info',
      ...fromEnvironment(['model.dir', 'temporal.namespace']),
    },
    databaseUrl: process.env.DATABASE_URL || undefined,
    temporalAddress: process.env.TEMPORAL_ADDRESS || undefined,
    log: createLog('demo', 'warn'),
  })
  try {
    await runGrid(grid, state, options, interrupted)
  } catch (error) {
    if (!interrupted.aborted) throw error
  } finally {
    say('stopping …')
    await rm(path.join(state.root, 'run.json'), { force: true })
    await grid.stop()
    await state.unlock()
  }
  if (interrupted.aborted && options.once) process.exitCode = EXIT_INTERRUPTED
}

async function runGrid(
  grid: Grid,
  state: StateDir,
  options: DemoOptions,
  interrupted: AbortSignal,
): Promise<void> {
  const startedAt = Date.now()
  say(
    'DEMO PROFILE: 1 s blocks, intervals of 20 blocks, tiers at 3, 8, 20 and 40 successes, certificates of 4 runs.',
  )
  say('It is for looking at the machinery on a laptop, and is refused on a real network.')
  await step('Postgres, Temporal and the local chain', interrupted, () => grid.startStores())
  // The certifying runs take one core; those who only wait for work start on the other.
  await step('GPU worker (on the CPU) certifying; inference worker, API', interrupted, () =>
    Promise.all(
      (['gpu-worker', 'inference-worker', 'api'] as const).map((role) => grid.startRole(role)),
    ),
  )
  await step('4 honest provers and 2 villains', interrupted, () =>
    Promise.all(PROVERS.map((_, i) => grid.startProver(i))),
  )
  await step('verifier', interrupted, () => grid.startRole('verifier'))
  await writeRunFile(grid, state)
  const db = openDatabase({
    url: grid.databaseUrl,
    applicationName: 'fractal-demo',
    max: 2,
    log: createLog('demo', 'warn'),
  })
  const users = new DemoUsers(grid.apiUrl, USER_EVERY_MS, createLog('demo', 'error'))
  try {
    showPlaces(grid, state)
    const id: VerifierId = { netuid: NETUID, verifier: grid.verifier.hotkey }
    await watch(grid, state, db, id, users, options, interrupted, startedAt)
  } finally {
    users.stop()
    await db.close()
  }
}

/** Options of the caller's own environment that a demo takes over. */
function fromEnvironment(names: readonly OptionName[]): Record<string, string> {
  const given = names.flatMap((name) => {
    const value = process.env[environmentName(name)]
    return value === undefined || value === '' ? [] : [[name, value]]
  })
  return Object.fromEntries(given)
}

/** Prints each interval as it ends, and with `once` ends after a few with the summary. */
async function watch(
  grid: Grid,
  state: StateDir,
  db: Database,
  id: VerifierId,
  users: DemoUsers,
  { once }: DemoOptions,
  interrupted: AbortSignal,
  startedAt: number,
): Promise<void> {
  const names = new Map(grid.wallets.map(({ hotkey, name }) => [hotkey, name]))
  const provers = PROVERS.map((prover, i) => ({ ...prover, hotkey: grid.wallets[i + 1]!.hotkey }))
  let shown = (await latestEnded(db, id)) ?? 0
  const first = shown + 1
  let settled = 0
  let video: string | null = null
  let quietSince = Date.now()
  while (!interrupted.aborted) {
    for (const interval of await unlessAway([], () => ended(db, id, shown))) {
      const line = await unlessAway(null, () =>
        intervalLine(db, id, interval, (hotkey) => names.get(hotkey) ?? hotkey),
      )
      if (line === null) break
      say(line)
      shown = interval.n
      quietSince = Date.now()
      if (interval.phase !== 'settled') continue
      settled += 1
      if (settled === 1)
        say(
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
      const { table, broken } = await demoSummary(db, id, provers, first)
      if (broken.length === 0 || settled >= ONCE_MOST) {
        say(`\n${table}\n\nvideo: ${video}`)
        if (broken.length > 0) {
          throw new FractalError('demo_failed', `what did not hold: ${broken.join('; ')}`)
        }
        say('Both villains were caught, nobody was wrongly accused, all weights were read back.')
        return
      }
    }
    if (once && Date.now() - quietSince > INTERVAL_TIMEOUT_MS) {
      throw new FractalError(
        'demo_failed',
        `no interval ended within ${INTERVAL_TIMEOUT_MS / 1000} s`,
        {
          hint: `Look at ${state.logs} and at Temporal's UI.`,
        },
      )
    }
    await sleep(500, undefined, { signal: interrupted }).catch(() => undefined)
  }
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
    say(`a user’s video: ${file}`)
    return file
  }
  return null
}

function showPlaces(grid: Grid, state: StateDir): void {
  say()
  say(`  API            ${grid.apiUrl}/v1/network/provers`)
  say(
    `  a video        curl -s ${grid.apiUrl}/v1/videos -H 'content-type: application/json' -d '{"prompt":"a red circle moves right on a blue background"}'`,
  )
  if (grid.temporalUi !== null) say(`  Temporal’s UI  ${grid.temporalUi}`)
  say(`  logs           ${state.logs}`)
  say('  beside it      npx fractal interval list; npx fractal prover list')
  say()
}

/** Where the other commands find this grid. Only for its owner: it holds the database’s password. */
async function writeRunFile(grid: Grid, state: StateDir): Promise<void> {
  const file = path.join(state.root, 'run.json')
  const places = {
    pid: process.pid,
    databaseUrl: grid.databaseUrl,
    temporalAddress: grid.temporalAddress,
    temporalUi: grid.temporalUi,
    apiUrl: grid.apiUrl,
    chainEndpoint: grid.chainEndpoint,
    netuid: NETUID,
    verifier: grid.verifier.hotkey,
  }
  await writeFile(file, `${JSON.stringify(places, null, 2)}\n`, { mode: 0o600 })
}

async function step(
  what: string,
  interrupted: AbortSignal,
  run: () => Promise<unknown>,
): Promise<void> {
  const startedAt = Date.now()
  process.stdout.write(`${what} … `)
  try {
    await Promise.race([run(), rejected(interrupted)])
  } catch (error) {
    say('failed')
    throw error
  }
  say(`${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** Rejects when the signal is aborted. */
function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** Aborted by Ctrl-C; a second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  const stop = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED)
    controller.abort(new FractalError('interrupted', 'interrupted'))
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop)
  return controller.signal
}
