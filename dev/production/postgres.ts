import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { chown, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { FractalError, messageOf } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { preparePostgresHome } from '../postgres/home.js'
import { type Child, lastLines, spawnChild } from '../process/child.js'

const run = promisify(execFile)
const SUPERUSER = 'postgres'
const READY_MS = 60_000
const STOP_MS = 30_000

/** Who may log in, with a password each; `fractal migrate --roles` adds those of our processes. */
const OWNERS = { fractal: ['fractal'], temporal: ['temporal', 'temporal_visibility'] } as const

export interface SeparatePostgresOptions {
  /** The cluster's own folder; its passwords and certificate stand in `secrets`. */
  readonly dataDir: string
  readonly secrets: string
  readonly port: number
}

/**
 * A PostgreSQL as a deployment has it: with passwords, one owner for each program's databases, and TLS
 * for ours. It is the system's own (Debian's `postgresql`) where there is one, else the one that set-up
 * installed, as a process of its own in both cases.
 */
export class SeparatePostgres {
  readonly port: number
  /** "PostgreSQL 15.14 of /usr/lib/postgresql/15/bin". */
  readonly version: string
  /** Of the authority that our processes hold the server to. */
  readonly caFile: string
  readonly #options: SeparatePostgresOptions
  readonly #programs: Programs
  #child: Child | null = null

  private constructor(options: SeparatePostgresOptions, programs: Programs) {
    this.#options = options
    this.#programs = programs
    this.port = options.port
    this.version = programs.version
    this.caFile = path.join(options.secrets, 'postgres-ca.pem')
  }

  /** Makes the cluster in an empty folder, starts it, and makes the two owners and their databases. */
  static async make(options: SeparatePostgresOptions): Promise<SeparatePostgres> {
    await mkdir(options.dataDir, { recursive: true })
    const postgres = new SeparatePostgres(options, await findPrograms(options.dataDir))
    await postgres.#initdb()
    await postgres.start()
    await postgres.#makeOwners()
    return postgres
  }

  /** The password file of a role. */
  passwordFile(role: string): string {
    return path.join(this.#options.secrets, `postgres-${role}`)
  }

  async password(role: string): Promise<string> {
    return (await readFile(this.passwordFile(role), 'utf8')).trim()
  }

  async start(): Promise<void> {
    const { bin, data, user } = this.#programs
    const logFile = this.#logFile
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '300',
      ssl: 'on',
    }
    this.#child = await spawnChild({
      name: 'PostgreSQL',
      command: path.join(bin, 'postgres'),
      args: [
        ...['-D', data, '-p', String(this.port)],
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      cwd: data,
      uid: user?.uid,
      gid: user?.gid,
      logFile,
      onOrphaned: 'SIGINT',
    })
    const child = this.#child
    for (const deadline = Date.now() + READY_MS; ; await sleep(100)) {
      const why = await this.query(SUPERUSER, 'SELECT 1').then(() => null, messageOf)
      if (why === null) return
      if (child.hasExited() || Date.now() > deadline) {
        throw new FractalError(
          'postgres_failed',
          `PostgreSQL did not start (${why}):\n${lastLines(logFile)}`,
        )
      }
    }
  }

  /** In good order, as `systemctl restart postgresql` does; every session ends. */
  async stop(): Promise<void> {
    await this.#child?.end('SIGINT', STOP_MS)
  }

  /** Runs one statement as the superuser. */
  async query(database: string, sql: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: SUPERUSER,
      password: await this.password(SUPERUSER),
      database,
      connectionTimeoutMillis: 2000,
    })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return (await client.query(sql)).rows
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  /** As one of our processes would open it. */
  async openDatabase(user: string, database: string): Promise<Database> {
    const url = `postgres://${user}:${await this.password(user)}@127.0.0.1:${this.port}/${database}`
    return openDatabase({
      url,
      tls: { ca: await readFile(this.caFile, 'utf8') },
      applicationName: 'production-shape',
      max: 2,
      log: createLog('production-shape', 'error'),
    })
  }

  /** What it refused to somebody's rights. */
  async denied(): Promise<string[]> {
    const lines = (await readFile(this.#logFile, 'utf8')).split('\n')
    return lines.filter((line) => line.includes('permission denied'))
  }

  get #logFile(): string {
    return path.join(this.#options.dataDir, 'postgres.log')
  }

  async #initdb(): Promise<void> {
    const { bin, data, user } = this.#programs
    const { secrets } = this.#options
    for (const role of [
      SUPERUSER,
      ...Object.keys(OWNERS),
      'fractal_api',
      'fractal_worker',
      'fractal_gpu',
    ]) {
      await writeFile(this.passwordFile(role), `${randomBytes(24).toString('hex')}\n`, {
        mode: 0o600,
      })
    }
    await rm(data, { recursive: true, force: true })
    await mkdir(data, { mode: 0o700 })
    const handed = path.join(path.dirname(data), `initdb-${process.pid}`)
    try {
      // initdb reads it as the server's user, who cannot look into our folder.
      await copyFile(this.passwordFile(SUPERUSER), handed)
      if (user !== null) {
        for (const file of [data, handed]) await chown(file, user.uid, user.gid)
      }
      const args = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C']
      await run(
        path.join(bin, 'initdb'),
        [`--pgdata=${data}`, `--username=${SUPERUSER}`, `--pwfile=${handed}`, ...args],
        { env: { PATH: process.env.PATH, LC_ALL: 'C' }, cwd: data, ...user },
      )
    } finally {
      await rm(handed, { force: true })
    }
    await makeCertificate(secrets)
    for (const [from, to] of [
      ['postgres-server.pem', 'server.crt'],
      ['postgres-server.key', 'server.key'],
    ] as const) {
      await copyFile(path.join(secrets, from), path.join(data, to))
      if (user !== null) await chown(path.join(data, to), user.uid, user.gid)
    }
    // Our processes come by TLS or not at all.
    const rules = [
      `host all ${SUPERUSER} 127.0.0.1/32 scram-sha-256`,
      'hostssl fractal all 127.0.0.1/32 scram-sha-256',
      'host temporal,temporal_visibility temporal 127.0.0.1/32 scram-sha-256',
    ]
    await writeFile(path.join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  }

  async #makeOwners(): Promise<void> {
    for (const [role, databases] of Object.entries(OWNERS)) {
      // Made of hex digits: nothing to escape.
      const login = `LOGIN PASSWORD '${await this.password(role)}'`
      const more = role === 'fractal' ? 'CREATEROLE' : ''
      await this.query(SUPERUSER, `CREATE ROLE ${role} ${login} ${more}`)
      for (const database of databases) {
        await this.query(SUPERUSER, `CREATE DATABASE ${database} OWNER ${role}`)
      }
    }
  }
}

interface Programs {
  readonly bin: string
  readonly data: string
  readonly user: { uid: number; gid: number } | null
  readonly version: string
}

async function findPrograms(dataDir: string): Promise<Programs> {
  // Where the data may lie, and as whom the server runs, is the same for every PostgreSQL.
  const { native, data, user } = await preparePostgresHome(dataDir)
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).map(Number).filter(Boolean) : []
  const newest = Math.max(0, ...versions)
  const system = path.join(debian, String(newest), 'bin')
  const bin = existsSync(path.join(system, 'initdb')) ? system : path.join(native, 'bin')
  const { stdout } = await run(path.join(bin, 'postgres'), ['--version'], { ...user, cwd: '/' })
  const version = `PostgreSQL ${/\d+[.\d]*/.exec(stdout)?.[0]} of ${bin}`
  return { bin, data, user, version }
}

/** An authority of our own, and the server's certificate by it. */
async function makeCertificate(folder: string): Promise<void> {
  const file = (name: string) => path.join(folder, name)
  const key = ['-newkey', 'rsa:2048', '-nodes']
  await run('openssl', [
    ...['req', '-x509', ...key, '-days', '3650', '-subj', '/CN=fractal production shape'],
    ...['-keyout', file('postgres-ca.key'), '-out', file('postgres-ca.pem')],
  ])
  await run('openssl', [
    ...['req', '-new', ...key, '-subj', '/CN=127.0.0.1'],
    ...['-keyout', file('postgres-server.key'), '-out', file('postgres-server.csr')],
  ])
  await writeFile(file('postgres-server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  await run('openssl', [
    ...['x509', '-req', '-in', file('postgres-server.csr'), '-days', '3650'],
    ...['-CA', file('postgres-ca.pem'), '-CAkey', file('postgres-ca.key'), '-CAcreateserial'],
    ...['-extfile', file('postgres-server.ext'), '-out', file('postgres-server.pem')],
  ])
}
