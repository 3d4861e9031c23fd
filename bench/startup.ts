/**
 * What each process costs until it is ready, and the memory that it holds when idle: as TypeScript, which
 * tsx compiles while it loads (its cache is warm), and as `npm run build` compiled it. Taken by turns on
 * the same stores, each with all processes that it started.
 * Run: npm run bench -- startup [--rounds 3]   (Linux: reads /proc)
 */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLog } from '../base/log.js'
import { Grid } from '../dev/grid/grid.js'
import { freePorts } from '../dev/grid/ports.js'
import { removePostgres } from '../dev/postgres/start-postgres.js'
import { openStateDir } from '../dev/process/state-dir.js'
import { report } from './support/figures.js'
import { median } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const CLONE = fileURLToPath(new URL('..', import.meta.url))
const FAST_MODEL = join(CLONE, 'test/fixtures/random-model/model')
const PROVER = 'prover-1'
const ROLES = ['verifier', 'inference-worker', 'gpu-worker', 'api', PROVER] as const
const IDLE_MS = 3000
const MEBIBYTE = 2 ** 20
const [TICKS, PAGE] = ['CLK_TCK', 'PAGESIZE'].map((name) =>
  Number(execFileSync('getconf', [name], { encoding: 'utf8' })),
) as [number, number]

interface Cost {
  /** User and system, until ready. */
  cpuSeconds: number
  /** Resident, a few seconds later. */
  bytes: number
}

const { rounds } = benchOptions('startup')

/** All processes of a role: each is started as a group of its own, and tsx runs esbuild beside it. */
async function usage(group: number): Promise<Cost> {
  const sum = { cpuSeconds: 0, bytes: 0 }
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    // The second field is the program's name in brackets and may hold anything, so count from its end.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    if (fields[2] !== group) continue
    // proc_pid_stat(5): utime, stime, and those of children that ended; rss.
    sum.cpuSeconds += fields.slice(11, 15).reduce((all, ticks) => all + ticks) / TICKS
    sum.bytes += fields[21]! * PAGE
  }
  return sum
}

async function startOnce(grid: Grid, role: (typeof ROLES)[number]): Promise<Cost> {
  await (role === PROVER ? grid.startProver(0) : grid.startRole(role))
  const pid = grid.rolePid(role)
  const { cpuSeconds } = await usage(pid)
  await sleep(IDLE_MS)
  const { bytes } = await usage(pid)
  await grid.stopRole(role)
  return { cpuSeconds, bytes }
}

// Inside the clone, so that what is compiled finds the packages.
await mkdir(join(CLONE, '.fractal'), { recursive: true })
const state = await openStateDir(await mkdtemp(join(CLONE, '.fractal', 'bench-startup-')))
const dist = join(state.root, 'dist')
const grid = new Grid({
  state,
  ports: await freePorts(1),
  provers: [{ name: PROVER }],
  netuid: 7,
  // A long interval, in which nothing happens here.
  options: { profile: 'test', 'neuron.compute_stats_interval': 3600, 'model.dir': FAST_MODEL },
  postgresSettings: { fsync: 'off', full_page_writes: 'off' },
  log: createLog('bench', 'silent'),
})
try {
  execFileSync(process.execPath, [join(CLONE, 'dev/build.mjs'), '--out', dist])
  await grid.startStores()
  await grid.startChain(1000)
  const bins = [grid.bin, join(dist, 'cli/fractal.mjs')]
  // Its first start certifies, and makes the tables.
  await startOnce(grid, 'gpu-worker')
  const costs = new Map(ROLES.map((role) => [role, bins.map((): Cost[] => [])]))
  for (let round = 0; round < rounds; round += 1) {
    for (const role of ROLES) {
      for (const [i, bin] of bins.entries()) {
        grid.bin = bin
        costs.get(role)![i]!.push(await startOnce(grid, role))
      }
    }
  }
  for (const [role, [asTypeScript, compiled]] of costs) {
    const both = (of: (cost: Cost) => number) =>
      [median(compiled!.map(of)), ['as TypeScript', median(asTypeScript!.map(of))]] as const
    const [cpu, slower] = both(({ cpuSeconds }) => cpuSeconds)
    report(`${role}, compiled: processor until ready`, cpu, 's', { beside: slower })
    const [memory, larger] = both(({ bytes }) => bytes / MEBIBYTE)
    report(`${role}, compiled: resident when idle`, memory, 'MiB', { beside: larger })
  }
  console.log(
    `medians of ${rounds}: user and system CPU until ready; resident ${IDLE_MS / 1000} s later`,
  )
} finally {
  await grid.stop()
  await state.unlock()
  await removePostgres(state.postgres)
  await rm(state.root, { recursive: true, force: true })
}
