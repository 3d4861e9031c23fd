import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { FractalError, messageOf } from '../../base/errors.js'
import { type Child, describeExit, spawnChild } from '../process/child.js'
import type { SeparatePostgres } from './postgres.js'
import type { TemporalPrograms } from './temporal-programs.js'

const run = promisify(execFile)
const READY_MS = 120_000
const STOP_MS = 30_000
const NAMESPACE = 'default'

/** Temporal's four services: each a process of its own, as a deployment that grows runs them. */
export const TEMPORAL_SERVICES = ['frontend', 'history', 'matching', 'worker'] as const
export type TemporalService = (typeof TEMPORAL_SERVICES)[number]

/** Each service has a port for calls and one to find the others by. */
const PORTS = { frontend: 0, matching: 1, history: 2, worker: 3 } as const
/** How many ports are taken from `portBase` on. */
export const TEMPORAL_PORTS = 10

/** Temporal as four processes on PostgreSQL. */
export class SeparateTemporal {
  readonly address: string
  readonly #programs: TemporalPrograms
  readonly #postgres: SeparatePostgres
  readonly #folder: string
  readonly #portBase: number
  readonly #children = new Map<TemporalService, Child>()

  constructor(
    programs: TemporalPrograms,
    postgres: SeparatePostgres,
    options: { folder: string; portBase: number },
  ) {
    this.#programs = programs
    this.#postgres = postgres
    this.#folder = options.folder
    this.#portBase = options.portBase
    this.address = `127.0.0.1:${this.#portBase}`
  }

  /** Makes the tables in the two databases. */
  async makeTables(): Promise<void> {
    const { sqlTool, schema } = this.#programs
    const env = { PATH: process.env.PATH, SQL_PASSWORD: await this.#postgres.password('temporal') }
    const to = ['--plugin', 'postgres12', '--ep', '127.0.0.1', '-p', String(this.#postgres.port)]
    for (const [name, database] of [
      ['temporal', 'temporal'],
      ['visibility', 'temporal_visibility'],
    ] as const) {
      const tool = (...args: string[]) =>
        run(sqlTool, [...to, '-u', 'temporal', '--db', database, ...args], {
          env,
          maxBuffer: 2 ** 26,
        })
      await tool('setup-schema', '-v', '0.0')
      await tool('update-schema', '-d', path.join(schema, name, 'versioned'))
    }
  }

  async start(): Promise<void> {
    const config = path.join(this.#folder, 'config')
    await mkdir(config, { recursive: true })
    // JSON is YAML; only for its owner, because the password stands in it.
    const text = JSON.stringify(await this.#config(), null, 2)
    await writeFile(path.join(config, 'development.yaml'), text, { mode: 0o600 })
    // One first: each writes the cluster's metadata when there is none, and all but one would fail at it.
    const [first, ...others] = TEMPORAL_SERVICES
    await this.startService(first)
    await this.#until(() => connects(this.#portBase + PORTS[first]))
    await Promise.all(others.map((service) => this.startService(service)))
    await this.#until(() => this.#makeNamespace())
  }

  async startService(service: TemporalService): Promise<void> {
    const child = await spawnChild({
      name: `Temporal's ${service}`,
      command: this.#programs.server,
      args: ['--root', this.#folder, '--env', 'development', 'start', '--service', service],
      env: { PATH: process.env.PATH, HOME: this.#folder, TZ: 'UTC' },
      cwd: this.#folder,
      logFile: this.logFile(service),
      onOrphaned: 'SIGTERM',
    })
    this.#children.set(service, child)
  }

  logFile(service: TemporalService): string {
    return path.join(this.#folder, `${service}.log`)
  }

  async kill(service: TemporalService): Promise<void> {
    await this.#children.get(service)?.end('SIGKILL', STOP_MS)
  }

  /** Services that ended although nobody stopped them. */
  ended(): string[] {
    return [...this.#children].filter(([, child]) => child.hasExited()).map(([name]) => name)
  }

  async stop(): Promise<void> {
    const children = [...this.#children.values()]
    this.#children.clear()
    await Promise.all(children.map((child) => child.end('SIGTERM', STOP_MS)))
  }

  async #until(serves: () => Promise<void>): Promise<void> {
    for (const deadline = Date.now() + READY_MS; ; await sleep(250)) {
      const why = await serves().then(() => null, messageOf)
      if (why === null) return
      const dead = [...this.#children].find(([, child]) => child.hasExited())
      if (dead === undefined && Date.now() < deadline) continue
      const [service, child] = dead ?? ['frontend' as const, null]
      const how = child === null ? why : describeExit(await child.exited)
      throw new FractalError('temporal_failed', `Temporal’s ${service} did not start (${how})`, {
        hint: `Its log: ${this.logFile(service)}`,
      })
    }
  }

  /** Answers once every service does its part, and our namespace is there. */
  async #makeNamespace(): Promise<void> {
    const connection = await Connection.connect({ address: this.address, connectTimeout: 2000 })
    const { workflowService } = connection
    try {
      await workflowService
        .registerNamespace({
          namespace: NAMESPACE,
          workflowExecutionRetentionPeriod: msToTs('30 days'),
        })
        .catch((error: Error) => {
          if (!/already exists/i.test(error.message)) throw error
        })
      await workflowService.describeNamespace({ namespace: NAMESPACE })
      // History answers for it only once it owns its shards.
      await workflowService.listWorkflowExecutions({ namespace: NAMESPACE, pageSize: 1 })
    } finally {
      await connection.close()
    }
  }

  async #config() {
    const password = await this.#postgres.password('temporal')
    const store = (databaseName: string, maxConns: number) => ({
      sql: {
        pluginName: 'postgres12',
        databaseName,
        connectAddr: `127.0.0.1:${this.#postgres.port}`,
        connectProtocol: 'tcp',
        user: 'temporal',
        password,
        maxConns,
        maxIdleConns: maxConns,
      },
    })
    const rpc = (service: TemporalService) => ({
      rpc: {
        grpcPort: this.#portBase + PORTS[service],
        membershipPort: this.#portBase + TEMPORAL_SERVICES.length + PORTS[service],
        bindOnLocalHost: true,
        ...(service === 'frontend' ? { httpPort: this.#portBase + TEMPORAL_PORTS - 1 } : {}),
      },
    })
    return {
      log: { stdout: true, level: 'warn' },
      persistence: {
        defaultStore: 'default',
        visibilityStore: 'visibility',
        numHistoryShards: 4,
        datastores: {
          default: store('temporal', 20),
          visibility: store('temporal_visibility', 10),
        },
      },
      global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
      services: Object.fromEntries(TEMPORAL_SERVICES.map((service) => [service, rpc(service)])),
      clusterMetadata: {
        enableGlobalNamespace: false,
        failoverVersionIncrement: 10,
        masterClusterName: 'active',
        currentClusterName: 'active',
        clusterInformation: {
          active: {
            enabled: true,
            initialFailoverVersion: 1,
            rpcName: 'frontend',
            rpcAddress: this.address,
          },
        },
      },
      dcRedirectionPolicy: { policy: 'noop' },
    }
  }
}

/** Resolves once somebody listens there. */
function connects(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
    socket.once('error', reject)
  })
}
