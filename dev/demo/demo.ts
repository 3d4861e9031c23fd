import { rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { mapWithLimit } from '../../base/concurrency/map-with-limit.js'
import { FractalError } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { environmentName, type OptionName } from '../../base/options/options.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { openDatabase } from '../../ledger/database.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { bundleClone, compileClone } from '../grid/compile-clone.js'
import { Grid, type GridProver } from '../grid/grid.js'
import { fixedPorts } from '../grid/ports.js'
import { printLine } from '../process/print-line.js'
import { defaultStateRoot, openStateDir, type StateDir } from '../process/state-dir.js'
import { makeDemoKeys } from './keys.js'
import { BLOCK_MS, choosePace, type Pace, paceLine } from './pace.js'
import { demoProvers } from './provers.js'
import { DemoUsers } from './users.js'
import { measureVideoCost, type VideoCost } from './video-cost.js'
import { watchDemo } from './watch.js'

export interface DemoOptions {
  /** Run a few intervals, print a summary and end. */
  readonly once: boolean
  /** Remove what earlier demos left. */
  readonly fresh: boolean
  /** The first of the ports. */
  readonly portBase: number
  /** Names separated by commas, or `all`. */
  readonly villains: string
}

const NETUID = 1
/**
 * Provers have machines of their own; here they must not keep the one that checks them from its processor.
 */
const PROVER_NICENESS = 10
/** What a shell reports for a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130

/**
 * Runs a grid on this machine until Ctrl-C, or for a few intervals with `once`.
 * @throws FractalError `demo_failed` naming what did not hold, `no_such_villain`
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const provers = demoProvers(options.villains)
  const state = await openStateDir(defaultStateRoot(), { fresh: options.fresh })
  const interrupted = interruption()
  const grid = new Grid({
    state,
    ports: fixedPorts(options.portBase, provers.length),
    provers,
    netuid: NETUID,
    proverNiceness: PROVER_NICENESS,
    options: {
      profile: 'demo',
      'logging.level': 'info',
      ...fromEnvironment(['model.dir', 'temporal.namespace']),
    },
    databaseUrl: process.env.DATABASE_URL || undefined,
    temporalAddress: process.env.TEMPORAL_ADDRESS || undefined,
    log: createLog('demo', 'warn'),
  })
  try {
    await runGrid(grid, state, provers, options, interrupted)
  } catch (error) {
    if (!interrupted.aborted) throw error
  } finally {
    printLine('stopping …')
    await rm(path.join(state.root, 'run.json'), { force: true })
    await grid.stop()
    await state.unlock()
  }
  if (interrupted.aborted && options.once) process.exitCode = EXIT_INTERRUPTED
}

async function runGrid(
  grid: Grid,
  state: StateDir,
  chosen: readonly GridProver[],
  options: DemoOptions,
  interrupted: AbortSignal,
): Promise<void> {
  const startedAt = Date.now()
  printLine(
    'DEMO PROFILE: short intervals, tiers at 3, 8, 20 and 40 successes, certificates of 4 runs. It is for',
  )
  printLine('looking at the machinery on a laptop, and is refused on a real network.')
  const compiled = await compileClone()
  grid.useCompiled(compiled)
  await step('Postgres, Temporal, local chain', interrupted, () =>
    Promise.all([grid.startStores(), grid.startChain(BLOCK_MS)]),
  )
  const villains = chosen.flatMap(({ villain }) => villain ?? [])
  const honest = chosen.length - villains.length
  printLine(`${honest} honest provers; villains: ${villains.join(', ')}`)
  const cores = availableParallelism()
  const { cost, pace } = await step(
    'GPU worker (on the CPU) certifying; measuring what a video costs; all others',
    interrupted,
    () => startRoles(grid, compiled, chosen.length, cores, interrupted),
  )
  printLine(paceLine(cost, cores, pace))
  const db = openDatabase({
    url: grid.databaseUrl,
    applicationName: 'fractal-demo',
    max: 2,
    log: createLog('demo', 'warn'),
  })
  let users: DemoUsers | undefined
  try {
    const keys = await makeDemoKeys(db, state.root)
    await writeRunFile(grid, state, keys.shown)
    users = new DemoUsers(grid.apiUrl, keys.users, pace.userEveryMs, createLog('demo', 'error'))
    showPlaces(grid, state, keys.shown)
    const id: VerifierId = { netuid: NETUID, verifier: grid.verifier.hotkey }
    const provers = chosen.map((prover, i) => ({ ...prover, hotkey: grid.wallets[i + 1]!.hotkey }))
    const { once } = options
    await watchDemo({ grid, state, db, id, users, provers, once, interrupted, startedAt, pace })
  } finally {
    users?.stop()
    await db.close()
  }
}

/**
 * Starts what the grid is made of: one more at the same time than there are processors, for each keeps one busy for
 * some seconds, and then waits for a block.
 * @returns what a video costs here, and the pace that follows from it
 */
async function startRoles(
  grid: Grid,
  compiled: string,
  provers: number,
  cores: number,
  interrupted: AbortSignal,
): Promise<{ cost: VideoCost; pace: Pace }> {
  const modelDir = process.env[environmentName('model.dir')] || defaultModelDir()
  // Certified again at each start: the time is what the plans and deadlines stand on, and it is of another day.
  const worker = once(() => grid.startRole('gpu-worker', { 'gpu.recertify': true }))
  // Before anything else computes: intervals would be longer by what it takes to share the processors while starting.
  const cost = await measureVideoCost(compiled, modelDir, interrupted)
  const pace = choosePace(cost, cores, provers)
  const bundle = once(() => bundleClone(compiled))
  const starts = Array.from({ length: provers }, (_, i) => once(() => grid.startProver(i)))
  // An interval begins some blocks after the verifier is up: until then the last prover is there too, and whoever asks.
  const verifier = async () => {
    await Promise.all([worker, bundle, ...starts.slice(0, -1)].map((start) => start()))
    await grid.startRole('verifier', { 'neuron.compute_stats_interval': pace.intervalBlocks })
  }
  const asker = async () => {
    await bundle()
    await grid.startRole('inference-worker')
  }
  const api = () => grid.startRole('api')
  const all: (() => Promise<unknown>)[] = [
    ...[worker, bundle, ...starts],
    ...[verifier, asker, api],
  ]
  await mapWithLimit(all, cores + 1, (start) => start())
  return { cost, pace }
}

/** Begins it when it is called first; whoever calls it later gets the same. */
function once<T>(start: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined
  return () => {
    begun ??= start()
    return begun
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

function showPlaces(grid: Grid, state: StateDir, key: string): void {
  printLine()
  printLine(`  open this      ${grid.apiUrl}/#key=${key}`)
  printLine(`  API            ${grid.apiUrl}/v1, Authorization: Bearer ${key}`)
  printLine(
    `  a video        curl -s ${grid.apiUrl}/v1/videos -H 'authorization: Bearer ${key}' -H 'content-type: application/json' -d '{"prompt":"a red circle moves right on a blue background"}'`,
  )
  if (grid.temporalUi !== null) printLine(`  Temporal’s UI  ${grid.temporalUi}`)
  printLine(`  logs           ${state.logs}`)
  printLine('  beside it      npx fractal interval list; npx fractal prover list')
  printLine()
}

/**
 * Where the other commands find this grid. Only for its owner: it holds the database’s password and the
 * key.
 */
async function writeRunFile(grid: Grid, state: StateDir, apiKey: string): Promise<void> {
  const file = path.join(state.root, 'run.json')
  const places = {
    pid: process.pid,
    databaseUrl: grid.databaseUrl,
    temporalAddress: grid.temporalAddress,
    temporalUi: grid.temporalUi,
    apiUrl: grid.apiUrl,
    apiKey,
    chainEndpoint: grid.chainEndpoint,
    walletPath: state.wallets,
    walletName: grid.verifier.name,
    netuid: NETUID,
    verifier: grid.verifier.hotkey,
  }
  await writeFile(file, `${JSON.stringify(places, null, 2)}\n`, { mode: 0o600 })
}

async function step<T>(what: string, interrupted: AbortSignal, run: () => Promise<T>): Promise<T> {
  const startedAt = Date.now()
  process.stdout.write(`${what} … `)
  try {
    const result = await Promise.race([run(), rejected(interrupted)])
    printLine(`${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
    return result
  } catch (error) {
    printLine('failed')
    throw error
  }
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
