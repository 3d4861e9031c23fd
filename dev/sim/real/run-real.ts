import { mkdtemp, readdir, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { FractalError } from '../../../base/errors.js'
import { createLog } from '../../../base/log.js'
import { openDatabase } from '../../../ledger/database.js'
import { makeDemoKeys } from '../../demo/keys.js'
import { DemoUsers } from '../../demo/users.js'
import { bundleClone, compileClone } from '../../grid/compile-clone.js'
import { Grid, type GridProver } from '../../grid/grid.js'
import { freePorts } from '../../grid/ports.js'
import { removePostgres } from '../../postgres/start-postgres.js'
import { printLine } from '../../process/print-line.js'
import { openStateDir, type StateDir } from '../../process/state-dir.js'
import type { RealOptions } from './options.js'
import { watchReal } from './watch.js'

const NETUID = 1
const BLOCK_MS = 1000
/** Of random weights: what it makes is noise, and costs a tenth of a second. */
const MODEL = fixture('random-model')
/** A denoiser of a dozen nodes: no villain's shortcut would show in it, but honest bytes are compared as they are in any other. */
const SMALLEST_MODEL = fixture('tiny-model')

/**
 * Runs a grid of real processes on this machine, in a folder of its own that is removed in the end, but for the logs
 * of a run that failed.
 * @throws FractalError `sim_failed` with the sentence of what broke
 */
export async function runReal(options: RealOptions): Promise<void> {
  const state = await openStateDir(await mkdtemp(path.join(tmpdir(), 'fractal-sim-')))
  const provers = proversOf(options)
  const log = createLog('sim', 'warn')
  const grid = new Grid({
    state,
    ports: await freePorts(provers.length),
    provers,
    netuid: NETUID,
    options: {
      profile: 'test',
      'neuron.compute_stats_interval': Math.ceil((options.interval * 1000) / BLOCK_MS),
      'model.dir': modelFor(options),
      device: options.device,
      ...(options.gpuClass !== null && { 'gpu.class': options.gpuClass }),
    },
    postgresSettings: { fsync: 'off', full_page_writes: 'off' },
    log,
  })
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new FractalError('interrupted', `ended by ${signal}`)))
    }
  })
  let failed = true
  try {
    await Promise.race([run(grid, state, provers, options), interrupted])
    failed = false
  } finally {
    await grid.stop()
    await removeState(state, { keepLogs: failed })
  }
}

async function run(
  grid: Grid,
  state: StateDir,
  provers: readonly GridProver[],
  options: RealOptions,
): Promise<void> {
  const log = createLog('sim', 'error')
  const villains = options.villains.length === 0 ? 'none' : options.villains.join(', ')
  printLine(
    `${provers.length} provers in one process, villains: ${villains}; intervals of ${options.interval} s; ${options.users} users’ requests a minute`,
  )
  const compiled = await compileClone()
  grid.useCompiled(compiled)
  await Promise.all([bundleClone(compiled), grid.startStores()])
  await grid.startChain(BLOCK_MS)
  await grid.startRole('gpu-worker')
  await grid.startProversTogether()
  await Promise.all([grid.startRole('inference-worker'), grid.startRole('api')])
  await grid.startRole('verifier')
  const db = openDatabase({ url: grid.databaseUrl, applicationName: 'fractal-sim', max: 2, log })
  const keys = await makeDemoKeys(db, state.root)
  const users = new DemoUsers(grid.apiUrl, keys.users, 60_000 / options.users, log)
  try {
    const id = { netuid: NETUID, verifier: grid.verifier.hotkey }
    const known = provers.map((prover, i) => ({ ...prover, hotkey: grid.wallets[i + 1]!.hotkey }))
    await watchReal({ grid, state, db, id, provers: known }, options)
  } finally {
    users.stop()
    await db.close()
  }
}

/** The villains by their names, the others honest. */
function proversOf({ provers, villains }: RealOptions): GridProver[] {
  const honest = Array.from({ length: provers - villains.length }, (_, i) => ({
    name: `prover-${i + 1}`,
  }))
  return [...honest, ...villains.map((name) => ({ name, villain: name }))]
}

async function removeState(state: StateDir, { keepLogs }: { keepLogs: boolean }): Promise<void> {
  await state.unlock()
  await removePostgres(state.postgres)
  for (const name of await readdir(state.root)) {
    const file = path.join(state.root, name)
    if (!keepLogs || file !== state.logs) await rm(file, { recursive: true, force: true })
  }
  if (keepLogs) printLine(`logs: ${state.logs}`)
  else await rmdir(state.root)
}

function modelFor({ model, honest }: RealOptions): string {
  if (model !== null) return path.resolve(model)
  return honest === null ? MODEL : SMALLEST_MODEL
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../test/fixtures/${name}/model`, import.meta.url))
}
